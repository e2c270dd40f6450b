// The drawn signature: a PNG data URL in the hidden field, kept when the phone turns, empty when nothing is drawn.
(() => {
  const start = (box) => {
    if (box.dataset.ready || !window.SignaturePad) return;
    box.dataset.ready = "";
    const canvas = box.querySelector("canvas");
    const value = box.querySelector("[data-signature-value]");
    const pad = new window.SignaturePad(canvas, { penColor: "#10231d", backgroundColor: "#ffffff", minWidth: 0.9, maxWidth: 2.4 });
    const keep = () => { value.value = pad.isEmpty() ? "" : pad.toDataURL("image/png"); };
    const fit = () => {
      const strokes = pad.toData();
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      canvas.width = canvas.offsetWidth * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      pad.clear();
      if (strokes.length) pad.fromData(strokes);
      keep();
    };
    pad.addEventListener("endStroke", () => {
      keep();
      value.dispatchEvent(new Event("input", { bubbles: true }));
    });
    box.querySelector("[data-signature-clear]").addEventListener("click", () => {
      pad.clear();
      keep();
    });
    new ResizeObserver(() => canvas.offsetWidth * (window.devicePixelRatio || 1) !== canvas.width && fit()).observe(canvas);
    fit();
  };
  const startAll = () => document.querySelectorAll("[data-signature]").forEach(start);
  document.addEventListener("DOMContentLoaded", startAll);
  document.addEventListener("htmx:load", startAll);
})();
