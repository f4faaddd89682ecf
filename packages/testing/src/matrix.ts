/** Whether `npm run test:all` runs, which tries more set-ups and other examples than `npm test`. */
export const IS_MATRIX: boolean = process.env["TEST_MATRIX"] === "1";
