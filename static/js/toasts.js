// Quiet toasts: they leave by themselves unless they are a complaint, offer undo, or are being read.
(() => {
  const STAY_MS = 8000;

  const arm = (toast) => {
    if (toast.dataset.armed) return;
    toast.dataset.armed = "";
    if ("stay" in toast.dataset) return;
    const stay = toast.querySelector("form, [data-undo]") ? STAY_MS * 2 : STAY_MS;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
    setTimeout(leave, stay);
  };

  const undoer = (address, words) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-plain btn-sm";
    button.dataset.undo = address;
    button.textContent = words;
    return button;
  };

  const show = ({ text, tone = "ok", undo = "" }) => {
    const box = document.getElementById("toasts");
    if (!box || !text) return;
    const toast = document.createElement("div");
    toast.className = `toast-jd toast-jd--${tone}`;
    toast.dataset.toast = "";
    if (tone === "bad" || tone === "warn") toast.dataset.stay = "";
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn btn-plain btn-sm";
    close.dataset.toastClose = "";
    close.textContent = box.dataset.closeLabel;
    toast.append(words, ...(undo ? [undoer(undo, box.dataset.undoLabel)] : []), close);
    box.append(toast);
    arm(toast);
  };

  // What comes of it is said in a toast of its own.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-undo]");
    if (!button) return;
    window.htmx.ajax("POST", button.dataset.undo, { swap: "none" });
    button.closest("[data-toast]").remove();
  });
  document.addEventListener("toast", (event) => show(event.detail));
  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove());
  const armAll = () => document.querySelectorAll("[data-toast]").forEach(arm);
  document.addEventListener("DOMContentLoaded", armAll);
  document.addEventListener("htmx:load", armAll);
})();
