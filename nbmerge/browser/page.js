// Owns: what nbdime's page lacks when it is a tool for open conflicts.
// Must not know: what the conflicts are.  Invariant: what somebody typed is not taken back unasked.
"use strict";
{
  const page = document.currentScript.dataset.page;
  const MARKER = "<<<<<<<";
  const MERGED = ".cm-merge-editor";
  const cellOf = (element) => element.closest(".jp-Cell-merge");
  const closest = (event, selector) => (event.target.closest ? event.target.closest(selector) : null);

  // The server ends when nobody looks any more: it sees this connection break.
  const here = new EventSource(`here?page=${page}`);
  here.addEventListener("over", () => end("This merge is over; you can close this page."));

  // nbdime tells that it is closed at an address without the token.
  const beacon = navigator.sendBeacon.bind(navigator);
  navigator.sendBeacon = (_, data) => {
    const told = beacon(`api/closetool?page=${page}`, data);
    setTimeout(() => end("Closed; you can close this page."), 200);
    return told;
  };

  function end(words) {
    here.close();
    window.onbeforeunload = window.onunload = null;
    const said = document.createElement("p");
    said.id = "nbmerge-end";
    said.textContent = words;
    document.body.replaceChildren(said);
  }

  // The text of a cell as nbdime last wrote it, for those in which somebody may have typed since.
  const written = new WeakMap();
  const hasTyped = (cell) => written.has(cell) && written.get(cell) !== textOf(cell);

  function viewOf(cell) {
    const content = cell.querySelector(`${MERGED} .cm-content`);
    const root = content && content.cmView && content.cmView.rootView;
    return root ? root.view : null;
  }

  function textOf(cell) {
    const view = viewOf(cell);
    return view ? view.state.doc.toString() : null;
  }

  document.addEventListener("focusin", (event) => {
    const editor = closest(event, MERGED);
    if (editor && !written.has(cellOf(editor))) written.set(cellOf(editor), textOf(cellOf(editor)));
  });

  // nbdime asks for a click on a warning sign for each conflict, chosen or not.  What was chosen is
  // decided; a click on the sign writes the text anew, so what somebody typed is put back.
  function settle(cell, isDecided = (sign) => !isOpen(sign)) {
    const text = textOf(cell);
    for (let number = Infinity; signsIn(cell).length < number; ) {
      number = signsIn(cell).length;
      const decided = signsIn(cell).find(isDecided);
      if (decided) press(decided); // all signs are drawn anew
    }
    if (textOf(cell) !== text) {
      const view = viewOf(cell);
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    }
  }

  const signsIn = (cell) => [...cell.querySelectorAll(`${MERGED} .jp-Merge-gutter-conflict`)];

  function isOpen(sign) {
    const top = sign.getBoundingClientRect().top;
    const beside = [...sign.closest(".cm-editor").querySelectorAll(".cm-line")].find((line) => {
      const box = line.getBoundingClientRect();
      return box.top - 2 <= top && top < box.bottom - 2;
    });
    return beside !== undefined && beside.textContent.startsWith(MARKER);
  }

  function press(sign) {
    const box = sign.getBoundingClientRect();
    const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
    sign.dispatchEvent(new MouseEvent("mouseup", { bubbles: true, button: 0, ...at }));
  }

  document.addEventListener("mouseup", (event) => {
    const arrow = closest(event, ".jp-Merge-gutter-picker");
    const sign = closest(event, ".jp-Merge-gutter-conflict");
    if (!event.isTrusted || !(arrow || sign)) return;
    const cell = cellOf(arrow || sign);
    if (hasTyped(cell) && (sign || !confirm("This takes back what you typed in this cell."))) {
      event.stopPropagation();
      event.preventDefault();
      if (sign) settle(cell);
    } else if (arrow) {
      setTimeout(() => {
        settle(cell);
        written.set(cell, textOf(cell));
      });
    }
  }, true);

  document.addEventListener("change", (event) => {
    if (closest(event, ".jp-Merge-delete-cell-toggle") && event.target.checked) {
      settle(cellOf(event.target), () => true);
    }
  });

  document.addEventListener("click", (event) => {
    if (closest(event, "#nbdime-save, #nbdime-close")) {
      [...document.querySelectorAll(".jp-Cell-merge")].filter(hasTyped).forEach((cell) => settle(cell));
    }
  }, true);
}
