"""Owns: how the pages look: one style sheet.

Must not know: what is on a page, beyond the classes that it may have.  Invariant: it loads nothing;
each text stands out from what is behind it by 4.5 to 1 at least, in light and in dark; who did
something is told by a letter too, never by colour alone.
"""

STYLE = """
:root{color-scheme:light dark;
--bg:#f7f6f3;--card:#fff;--ink:#1d2127;--soft:#59626d;--line:#dcdfe3;--code:#f6f6f4;
--local:#0b5394;--local-tint:#e8f1fb;--local-mark:#c3dcf7;
--remote:#8a4300;--remote-tint:#fdf1e3;--remote-mark:#f8d7b0;
--both:#12643d;--both-tint:#e6f4ec;--both-mark:#bfe4cf;
--clash:#b01e14;--clash-tint:#fdeeec;--clash-line:#c8392d;--gone-mark:#f6c9c4;
--r:#a8201a;--g:#176b32;--y:#7a5600;--b:#0b5394;--m:#86208c;--c:#0b6470}
@media screen and (prefers-color-scheme:dark){:root{
--bg:#111418;--card:#181c21;--ink:#e3e6ea;--soft:#a3acb8;--line:#2e343c;--code:#14181c;
--local:#8fc4ff;--local-tint:#14273d;--local-mark:#234a76;
--remote:#f3b872;--remote-tint:#33240f;--remote-mark:#644313;
--both:#84d8a8;--both-tint:#122c1e;--both-mark:#1f563a;
--clash:#ff9d92;--clash-tint:#351a18;--clash-line:#c4473c;--gone-mark:#6b2a25;
--r:#ff8f85;--g:#7fd394;--y:#e3c063;--b:#8fc4ff;--m:#e2a0ea;--c:#74d0dc}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.page{max-width:70rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
code,pre,.ln{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.84rem;line-height:1.5}
a{color:var(--local);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--local);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:1}
h1{font-size:1.75rem;line-height:1.2;margin:.1rem 0 .6rem;overflow-wrap:anywhere;letter-spacing:-.01em}
h2{font-size:1.05rem;margin:0 0 .6rem}
h3{font-size:.95rem;margin:0}
p{margin:.4rem 0}
.eyebrow{color:var(--soft);font-size:.85rem;margin:0}
.verdict{font-size:1.15rem;font-weight:600;margin:.8rem 0;padding:.7rem 1rem;border-radius:8px;
border-left:5px solid}
.verdict.clean{background:var(--both-tint);color:var(--both);border-color:var(--both)}
.verdict.clash{background:var(--clash-tint);color:var(--clash);border-color:var(--clash-line)}
.soft{color:var(--soft)}
.small{font-size:.85rem}
section{margin:1.6rem 0}
.sides{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem .9rem;margin:1rem 0;
font-size:.92rem}
.sides dt{grid-column:1}
.sides dd{margin:0;overflow-wrap:anywhere}
.who{display:inline-block;font-weight:600;font-size:.8rem;line-height:1.5;padding:0 .5em;border-radius:4px;
border:1px solid var(--line);color:var(--soft);white-space:nowrap}
.who.local{color:var(--local);background:var(--local-tint);border-color:var(--local-mark)}
.who.remote{color:var(--remote);background:var(--remote-tint);border-color:var(--remote-mark)}
.who.both,.who.mixed{color:var(--both);background:var(--both-tint);border-color:var(--both-mark)}
.who.full{background:var(--clash-line);border-color:var(--clash-line);color:#fff}
.who.clash{color:var(--clash);background:var(--clash-tint);border-color:var(--clash-line)}
.list{margin:.4rem 0;padding-left:1.6rem}
.list li{margin:.3rem 0;overflow-wrap:anywhere}
.list code{overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
th{font-weight:600;color:var(--soft);font-size:.8rem}
.map{display:flex;flex-wrap:wrap;gap:3px;margin:.5rem 0}
.map a,.map span{display:block;width:1.5rem;height:1.5rem;border-radius:3px;font-size:.68rem;
line-height:1.4rem;text-align:center;text-decoration:none;background:var(--card);border:1px solid var(--line);
color:var(--soft)}
.map .local{background:var(--local-tint);border-color:var(--local-mark);color:var(--local)}
.map .remote{background:var(--remote-tint);border-color:var(--remote-mark);color:var(--remote)}
.map .both{background:var(--both-tint);border-color:var(--both-mark);color:var(--both)}
.map .clash{background:var(--clash-line);border-color:var(--clash-line);color:#fff;font-weight:700}
.map .gone{text-decoration:line-through;background:none;border-style:dashed}
.cell{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:.8rem 0;overflow:hidden}
.cell.clash{border-color:var(--clash-line);border-left-width:5px}
.cell:target,.conflict:target{box-shadow:0 0 0 3px var(--local-mark)}
.bar{display:flex;flex-wrap:wrap;gap:.3rem .6rem;align-items:center;padding:.5rem .9rem;font-size:.85rem;
color:var(--soft);border-bottom:1px solid var(--line)}
.bar h3 a{color:var(--ink);text-decoration:none}
.bar h3 a:hover{text-decoration:underline}
.bar .id{font-size:.75rem;overflow-wrap:anywhere}
.parts{padding:.45rem .9rem;font-size:.85rem;color:var(--soft);display:flex;flex-wrap:wrap;gap:.25rem 1rem}
.src{background:var(--code);padding:.5rem 0;overflow:hidden}
.ln{display:grid;grid-template-columns:3.4rem minmax(0,1fr);min-height:1.5em}
.ln>i{font-style:normal;font-weight:600;font-size:.72rem;line-height:1.75;text-align:right;padding-right:.8rem;
color:var(--soft);user-select:none;-webkit-user-select:none}
.ln>div{white-space:pre-wrap;overflow-wrap:anywhere;padding-right:.9rem;tab-size:4}
.ln.local,.in.local{background:var(--local-tint)}.ln.local>i{color:var(--local)}
.ln.remote{background:var(--remote-tint)}.ln.remote>i{color:var(--remote)}
.ln.both,.ln.mixed{background:var(--both-tint)}.ln.both>i,.ln.mixed>i{color:var(--both)}
.ln.gone{background:none}.ln.gone>div{color:var(--soft)}
.w{border-radius:2px;font-weight:inherit}
.local .w,.w.local{background:var(--local-mark)}.remote .w,.w.remote{background:var(--remote-mark)}
.both .w,.w.both,.diff .mixed .w{background:var(--both-mark)}
.verdict.plain{background:var(--code);border-color:var(--line)}
.who.gone{color:var(--clash);background:var(--clash-tint);border-color:var(--clash-line)}
.who.added{color:var(--both);background:var(--both-tint);border-color:var(--both-mark)}
.diff .ln.gone{background:var(--clash-tint)}.diff .ln.gone>i{color:var(--clash)}
.diff .ln.gone>div{color:var(--ink)}.diff s{text-decoration:none}
.diff .gone .w{background:var(--gone-mark)}
.gone .w{background:none;text-decoration-thickness:2px;color:var(--ink)}
.text .ln>div{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;font-size:.95rem}
.text .hd{font-weight:700}
.conflict{border:1px solid var(--clash-line);margin:.5rem .9rem;border-radius:8px;background:var(--card);
overflow:hidden}
.conflict>.bar{background:var(--clash-tint);color:var(--ink);border-color:var(--clash-line)}
.conflict>.bar .go{margin-left:auto;display:flex;gap:1rem}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.pair>*{min-width:0}
.pair>*+*{border-left:1px solid var(--line)}
.pair .ln,.term .ln{grid-template-columns:.9rem minmax(0,1fr)}
.side{padding:0 0 .4rem}
.side>h4{margin:0;padding:.35rem .9rem;font-size:.85rem;font-weight:400;overflow-wrap:anywhere}
.side.base{border-bottom:1px solid var(--line)}
.conflict .src{background:none;padding:.1rem 0 .3rem}
.legend{font-size:.8rem;color:var(--soft);margin:.2rem 0;display:flex;flex-wrap:wrap;gap:.4rem}
.empty{padding:.1rem .9rem;color:var(--soft);font-style:italic}
.outs{padding:.4rem .9rem .7rem;border-top:1px solid var(--line)}
.outs>h4{margin:.1rem 0 .3rem;font-size:.8rem;font-weight:600;color:var(--soft)}
.out{margin:.3rem 0}
.out pre{margin:0;overflow-x:auto;white-space:pre;padding:.1rem 0}
.out pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
.out.err{border-left:3px solid var(--clash-line);padding-left:.7rem}
.out.std{border-left:3px solid var(--line);padding-left:.7rem}
.out img{max-width:100%;height:auto;background:#fff;border-radius:4px}
.cut{color:var(--soft);font-size:.8rem;font-style:italic;margin:.2rem 0}
.notes{padding:.5rem .9rem;margin:0;list-style:none;border-top:1px solid var(--line);font-size:.87rem}
.notes li{margin:.2rem 0;overflow-wrap:anywhere}
.more{padding:.2rem .9rem;border-top:1px solid var(--line)}
.more .outs,.more .src{border:0;margin:0 -.9rem}
.more .pair{margin:0 -.9rem}.more .pair .outs{margin:0}
details>summary{cursor:pointer;font-size:.85rem;color:var(--soft);padding:.25rem 0;overflow-wrap:anywhere}
details>summary:hover{color:var(--ink)}
.run{margin:.8rem 0}
.run>summary,.goner>summary{border:1px dashed var(--line);border-radius:8px;padding:.4rem .9rem}
.goner>summary code{color:var(--soft)}
.a1{font-weight:700}.a3{font-style:italic}.a4{text-decoration:underline}
.f1,.f9{color:var(--r)}.f2,.f10{color:var(--g)}.f3,.f11{color:var(--y)}.f4,.f12{color:var(--b)}
.f5,.f13{color:var(--m)}.f6,.f14{color:var(--c)}.f8{color:var(--soft)}
footer{margin-top:2.5rem;
color:var(--soft);font-size:.82rem;border-top:1px solid var(--line);padding-top:.8rem}
@media (max-width:44rem){
.page{padding:1.2rem .7rem 3rem}
h1{font-size:1.4rem}
.pair{grid-template-columns:minmax(0,1fr)}
.pair>*+*{border-left:0;border-top:1px solid var(--line)}
.ln{grid-template-columns:2.5rem minmax(0,1fr)}
.ln>i{padding-right:.5rem}
.conflict{margin:.5rem}
table{table-layout:fixed}
td .who{white-space:normal}
th,td{padding-right:.5rem}
.sides{grid-template-columns:1fr;gap:.1rem}
.sides dd{margin-bottom:.5rem}}
@media print{
body{background:#fff;font-size:11pt}
.page{max-width:none;padding:0}
.skip,.go{display:none}
.cell,.conflict{break-inside:auto;box-shadow:none}
.bar,.ln,img{break-inside:avoid}
.bar{break-after:avoid}
.out pre{white-space:pre-wrap;overflow-wrap:anywhere}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
