/** The page's look: one column on a phone, as many as fit on a desk; light or dark as the reader's system has it. */
export const STYLE = `
:root {
  --ground: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5b6675; --line: #dfe3e9;
  --good: #1a7f43; --bad: #b3261e; --bad-ground: #fdeceb; --warn: #8a5a00; --warn-ground: #fff3d6;
  --c0: #3f6fd8; --c1: #d9822b; --c2: #2a9d8f; --c3: #8e5bc7; --c4: #c2476b; --c5: #6b7785;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1a2028; --ink: #e6eaf0; --soft: #9aa6b5; --line: #2d3641;
    --good: #5fcf8c; --bad: #ff8a80; --bad-ground: #3a1c1c; --warn: #f0c060; --warn-ground: #35290f;
    --c0: #6d97f0; --c1: #e79a4d; --c2: #48bfb0; --c3: #b18ae0; --c4: #e3779a; --c5: #93a0b0;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 1560px; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.4rem; }
h2 { margin: 1.75rem 0 .6rem; font-size: 1.05rem; }
h3 { margin: 0; font-size: 1rem; }
p { margin: .4rem 0; }
code, .mono { font-family: ui-monospace, monospace; font-size: .9em; }
header { display: flex; flex-wrap: wrap; gap: .25rem .9rem; align-items: baseline; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .6rem 0 0; }
dl.facts dt, .soft { color: var(--soft); }
dl.facts dd { margin: 0; }
.grid { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem .9rem; min-width: 0; }
.card > .top { display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: baseline; }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .55rem; font-size: .8rem; color: var(--soft); }
.tag.warn { color: var(--warn); border-color: currentColor; }
.good { color: var(--good); } .bad { color: var(--bad); }
.alarm { background: var(--bad-ground); color: var(--bad); border: 1px solid currentColor; border-radius: .5rem;
  padding: .6rem .8rem; margin: .8rem 0; }
.alarm pre { margin: .3rem 0 0; white-space: pre-wrap; font-size: .85rem; }
#notice { background: var(--warn-ground); color: var(--warn); border: 1px solid currentColor; border-radius: .5rem; padding: .4rem .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
th, td { padding: .22rem .6rem .22rem 0; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; }
th.num, td.num { text-align: right; padding-right: 0; padding-left: .6rem; white-space: nowrap; }
.bars { display: grid; grid-template-columns: max-content 1fr; gap: .25rem .7rem; align-items: center; margin-top: .6rem; font-size: .8rem; color: var(--soft); }
.bars svg { display: block; width: 100%; height: .8rem; border-radius: .2rem; background: var(--line); }
.swatch { display: inline-block; width: .65rem; height: .65rem; border-radius: .15rem; margin-right: .4rem; }
.f0 { fill: var(--c0); background: var(--c0); } .f1 { fill: var(--c1); background: var(--c1); }
.f2 { fill: var(--c2); background: var(--c2); } .f3 { fill: var(--c3); background: var(--c3); }
.f4 { fill: var(--c4); background: var(--c4); } .f5 { fill: var(--c5); background: var(--c5); }
form { max-width: 24rem; margin: 12vh auto 0; display: grid; gap: .5rem; }
input, button { font: inherit; padding: .5rem .6rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--card); color: var(--ink); }
button { background: var(--c0); color: #fff; border-color: transparent; cursor: pointer; }
:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
@media (prefers-color-scheme: dark) { button { color: #0d1117; } }
`;
