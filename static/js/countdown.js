// A hold that runs out: counts down beside the moment the server named; says so once when a minute is left.
(() => {
  const tick = (element) => {
    const left = Math.round((Date.parse(element.dataset.countdown) - Date.now()) / 1000);
    const shown = element.querySelector("[data-countdown-text]");
    element.dataset.state = left <= 0 ? "over" : left <= 60 ? "last" : "running";
    if (left <= 0) shown.textContent = element.dataset.over;
    else if (left < 120) shown.textContent = `${left} ${element.dataset.seconds}`;
    else shown.textContent = `${Math.ceil(left / 60)} ${element.dataset.minutes}`;
    if (left === 0) element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
  };
  setInterval(() => document.querySelectorAll("[data-countdown]").forEach(tick), 1000);
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-countdown]").forEach(tick));
})();
