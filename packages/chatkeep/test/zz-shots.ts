import { openBrowser, } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
const b = await openBrowser(); const O="/tmp/docs-try/shot-"; const S="http://127.0.0.1:3918";
const only = process.argv[2];
for (const [name,w,h,scheme] of [["desk-light",1280,800,"light"],["desk-dark",1280,800,"dark"],["phone-light",390,800,"light"],["phone-dark",390,800,"dark"]] as const) {
  if (only && !name.includes(only)) continue;
  const c = await b.newContext({viewport:{width:w,height:h},colorScheme:scheme}); const p = await c.newPage();
  p.on("console",m=>{ if(m.type()==="error"||m.type()==="warning") console.log(name,"console",m.text())}); p.on("pageerror",e=>console.log(name,e.message));
  for (const [n,u] of [["home","/"],["turns","/guide/turns/"],["create","/reference/chatkeep/core/functions/createhistory/"],["http","/http/operations/posturns/"],["ref","/reference/"],["iface","/reference/chatkeep/protocol/interfaces/history/"]] as const) {
    const r = await p.goto(S+u); if (r?.status()!==200) {console.log(u,r?.status());continue;}
    await p.screenshot({path:`${O}${name}-${n}.png`, fullPage: n==="home"});
    if (scheme==="light"||n==="turns") { const v = await axeViolations(p); if (v.length) console.log(name,n,v); }
  }
  await p.goto(S+"/guide/turns/");
  await p.locator("chatkeep-chat").locator("[part=launcher]").click();
  await p.getByLabel("Your question").fill("How do I stop an answer?"); await p.getByRole("button",{name:"Send",exact:true}).click();
  await p.locator("chatkeep-chat article[data-status=complete] .ck-actions").first().waitFor();
  await p.screenshot({path:`${O}${name}-chat.png`});
  const v = await axeViolations(p); if (v.length) console.log(name,"chat",v);
  const src = p.locator("chatkeep-chat .ck-source").first(); console.log(await src.innerText()); await src.click(); await p.waitForURL(/guide\/.*#/); await p.waitForLoadState(); 
  await p.waitForFunction(()=>CSS.highlights.get("chatkeep-passage")?.size); console.log(p.url()); await p.screenshot({path:`${O}${name}-cited.png`});
}
await b.close();
