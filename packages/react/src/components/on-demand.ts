export { AnswerFacts } from "./AnswerFacts.tsx";
export { PieceView } from "./pieces/PieceView.tsx";
export { ToolMessage } from "./pieces/ToolMessage.tsx";
export { QuestionEditor } from "./QuestionEditor.tsx";
export { Versions } from "./Versions.tsx";
