// The completion sheet says which module becomes done; the progress page prints with every module open.
(() => {
  const form = document.querySelector("[data-completion]");
  const ticked = (kind) => new Set([...form.querySelectorAll(`[data-${kind}]:checked`)].map((box) => box.value));

  const tell = () => {
    const covered = ticked("covered");
    const repeat = ticked("repeat");
    const came = form.querySelector("[data-attended]:checked");
    for (const line of form.querySelectorAll("[data-done]")) {
      const steps = line.dataset.steps.split(" ").filter(Boolean);
      const taught = steps.every((step) => covered.has(step) && !repeat.has(step));
      line.hidden = !(came && steps.length && taught && Number(line.dataset.lessons) >= Number(line.dataset.missing));
    }
  };
  if (form) {
    form.addEventListener("change", tell);
    tell();
  }

  // One tap: everybody who is not marked otherwise was there.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-all-came]")) return;
    event.preventDefault();
    for (const seat of form.querySelectorAll("[data-seat]")) {
      if (!seat.querySelector("input[type=radio]:checked")) seat.querySelector("[data-came]").checked = true;
    }
    tell();
    form.querySelector("[data-came]")?.focus();
  });

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.module:not([open])")];
    for (const module of closed) module.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const module of closed) module.open = false;
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
