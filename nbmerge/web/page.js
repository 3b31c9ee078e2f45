// Owns: what nbdime's page lacks when it is a tool for open conflicts.
// Must not know: what the conflicts are.  Invariant: what somebody typed is not taken back unasked.
"use strict";
{
  const page = document.currentScript.dataset.page;
  const MARKER = "<<<<<<<";
  const typed = new WeakSet(); // cells in whose merged text somebody typed

  // The server ends when nobody looks any more: it sees this connection break.
  const here = new EventSource(`here?page=${page}`);
  here.addEventListener("over", () => end("This merge is over; you can close this page."));

  // nbdime tells that it is closed at an address without the token.
  const beacon = navigator.sendBeacon.bind(navigator);
  navigator.sendBeacon = (_, data) => {
    const told = beacon(`api/closetool?page=${page}`, data);
    setTimeout(() => end("Closed; you can close this page."), 300);
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

  // nbdime asks for a click on a warning sign for each conflict, chosen or not.  What was chosen is
  // decided; a click on the sign writes the text anew, so what somebody typed is put back.
  function settle(cell, isDecided = (sign) => !isOpen(sign)) {
    for (const sign of signsOf(cell, isDecided)) {
      const view = viewOf(sign);
      const before = view && view.state.doc.toString();
      if (typed.has(cell) && before === null) return;
      press(sign);
      if (view && view.state.doc.toString() !== before) {
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: before } });
      }
    }
  }

  const signsIn = (cell) => [...cell.querySelectorAll(".cm-merge-editor .jp-Merge-gutter-conflict")];

  function* signsOf(cell, isDecided) {
    // each click draws all signs anew
    for (let number = Infinity; signsIn(cell).length < number; ) {
      number = signsIn(cell).length;
      const decided = signsIn(cell).find(isDecided);
      if (decided) yield decided;
    }
  }

  function isOpen(sign) {
    const top = sign.getBoundingClientRect().top;
    const lines = sign.closest(".cm-editor").querySelectorAll(".cm-line");
    const beside = [...lines].find((line) => {
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

  function viewOf(inside) {
    const content = inside.closest(".cm-editor").querySelector(".cm-content");
    const root = content && content.cmView && content.cmView.rootView;
    return root ? root.view : null;
  }

  const cellOf = (element) => element.closest(".jp-Cell-merge");

  document.addEventListener("beforeinput", (event) => {
    const editor = event.target.closest && event.target.closest(".cm-merge-editor");
    if (editor) typed.add(cellOf(editor));
  }, true);

  document.addEventListener("mouseup", (event) => {
    const sign = event.target.closest && event.target.closest(".jp-Merge-gutter-picker");
    const cell = sign && cellOf(sign);
    if (!cell || !event.isTrusted) return;
    if (typed.has(cell) && !confirm("This takes back what you typed in this cell.")) {
      event.stopPropagation();
      event.preventDefault();
      return;
    }
    typed.delete(cell);
    setTimeout(() => settle(cell), 0);
  }, true);

  document.addEventListener("mouseup", (event) => {
    const sign = event.target.closest && event.target.closest(".jp-Merge-gutter-conflict");
    const cell = sign && cellOf(sign);
    if (!cell || !event.isTrusted || !typed.has(cell)) return;
    event.stopPropagation();
    event.preventDefault();
    settle(cell);
  }, true);

  document.addEventListener("change", (event) => {
    if (event.target.closest(".jp-Merge-delete-cell-toggle") && event.target.checked) {
      settle(cellOf(event.target), () => true);
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#nbdime-save, #nbdime-close")) {
      document.querySelectorAll(".jp-Cell-merge").forEach((cell) => typed.has(cell) && settle(cell));
    }
  }, true);
}
