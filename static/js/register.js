// Registration: ask for a parent or guardian as soon as the date of birth is a minor's. Without scripts the server asks.
(() => {
  const section = document.querySelector("[data-guardian]");
  const born = document.querySelector("input[name=born_on]");
  if (!section || !born) return;
  const ofAge = section.dataset.guardian;
  const show = () => { section.hidden = !(born.value && born.value > ofAge); };
  born.addEventListener("input", show);
  born.addEventListener("change", show);
  if (born.value) show();
})();
