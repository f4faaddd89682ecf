/**
 * English words with forms that stemming does not join. "child children" is one entry; the first form also stands for its
 * regular ones (go: goes, going). Forms of be, do, have and the auxiliaries are left out: they carry no topic.
 */
const FORMS = `
  become became|begin began begun|bend bent|bite bit bitten|blow blew blown|break broke broken|bring brought
  build built|burn burnt|buy bought|catch caught|child children|choose chose chosen|come came|deal dealt|dig dug
  draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt
  fight fought|find found|flee fled|fly flew flown|foot feet|forbid forbade forbidden|forget forgot forgotten
  forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone|good better best
  grow grew grown|half halves|hang hung|hear heard|hide hid hidden|hold held|keep kept|know knew known|lay laid
  lead led|leaf leaves|lean leant|learn learnt|leave left|lend lent|lie lay lain|life lives|light lit|lose lost
  make made|man men|mean meant|meet met|mouse mice|pay paid|person people|ride rode ridden|ring rang rung
  rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|send sent|shake shook shaken|shine shone
  shoot shot|show showed shown|shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept|slide slid
  smell smelt|speak spoke spoken|spell spelt|spend spent|spill spilt|spoil spoilt|stand stood|steal stole stolen
  stick stuck|sting stung|strike struck|swear swore sworn|sweep swept|swim swam swum|swing swung|take took taken
  teach taught|tear tore torn|tell told|think thought|throw threw thrown|tooth teeth|understand understood
  wake woke woken|wear wore worn|weave wove woven|wife wives|win won|wind wound|woman women|write wrote written`;

const OTHERS = new Map<string, string[]>();
for (const entry of FORMS.trim().split(/\n|\|/)) {
  const forms = entry.trim().split(" ");
  const [first] = forms as [string, ...string[]];
  const stem = first.replace(/e$/, "");
  const regular = [`${first}s`, `${first}es`, `${stem}ing`, `${first}${first.at(-1)}ing`];
  for (const form of [...forms, ...regular]) {
    const others = forms.filter((other) => other !== form);
    OTHERS.set(form, [...(OTHERS.get(form) ?? []), ...others]);
  }
}

/** The other forms of an English word, as those of "went": go, gone. */
export function otherForms(word: string): readonly string[] {
  return OTHERS.get(word) ?? [];
}
