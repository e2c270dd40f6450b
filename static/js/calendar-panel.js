// The side panel of a lesson, the question before a move, "why not?", and the keys. Every link works without this too.
(() => {
  const dialog = (name) => document.getElementById(`calendar-${name}`);
  const body = (name) => document.getElementById(`calendar-${name}-body`);
  let undo = null; // what takes a dragged lesson back to where it was, and whoever dragged it to the lesson

  // An answer that does not come must not leave the last one standing there. Each dialog asks for itself: htmx lets
  // what has the same source wait in line, and would say at once that it is done.
  const open = async (name, address) => {
    body(name).replaceChildren();
    await window.htmx.ajax("GET", address, { source: `#calendar-${name}-body`, target: `#calendar-${name}-body`, select: "[data-part]", swap: "innerHTML" });
    if (!body(name).childElementCount) return false;
    if (!dialog(name).open) dialog(name).showModal();
    (body(name).querySelector("[data-focus]") ?? dialog(name)).focus();
    return true;
  };

  const lessons = () => document.querySelector("[data-lessons]").dataset.lessons;

  const settle = () => {
    undo?.();
    undo = null;
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    const link = event.target.closest("a[data-panel], a[data-question]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if ("panel" in link.dataset) open("panel", `${link.pathname}panel/`);
    else {
      dialog("panel")?.close();
      open("question", link.href);
    }
  });

  document.addEventListener("calendar:dropped", async ({ detail: { lesson, wish, revert } }) => {
    undo = () => {
      revert();
      requestAnimationFrame(() => document.querySelector(`#calendar-grid a[href="${CSS.escape(`${lessons()}${lesson}/`)}"]`)?.focus());
    };
    const isOpen = await open("question", `${lessons()}${lesson}/move/check/?${new URLSearchParams(wish)}`);
    if (!isOpen) settle();
  });

  document.addEventListener("calendar:clicked", ({ detail: { wish } }) => {
    open("question", `${dialog("question").dataset.whyNot}?${new URLSearchParams(wish)}`);
  });

  // The server says when the calendar is another: after a move, a yes to a request.
  document.addEventListener("calendar:changed", () => {
    undo = null;
    dialog("question").close();
    dialog("panel").close();
    document.dispatchEvent(new CustomEvent("calendar:refresh"));
    window.htmx.ajax("GET", window.location.href, { target: "#calendar-list", select: "#calendar-list", swap: "outerHTML" });
  });

  const isOff = () => window.localStorage.getItem("calendar-keys") === "off";

  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOff()) return;
    if (document.querySelector("dialog[open]") || event.target.closest("input, select, textarea, [contenteditable]")) return;
    const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!control) return;
    event.preventDefault();
    if (control.matches("input")) control.focus();
    else control.click();
  };

  document.addEventListener("DOMContentLoaded", () => {
    if (!dialog("question")) return;
    dialog("question").addEventListener("close", settle);
    document.addEventListener("keydown", onKey);
    const choice = document.getElementById("calendar-keys-on");
    choice.checked = !isOff();
    choice.addEventListener("change", () => window.localStorage.setItem("calendar-keys", choice.checked ? "on" : "off"));
  });
})();
