// The job of a member of staff: show only the questions that belong to the chosen role.
(() => {
  const form = document.querySelector("[data-staff]");
  if (!form) return;
  const part = (name) => form.querySelector(`[data-staff-${name}]`);
  const arrange = () => {
    const chosen = form.querySelector("input[name=role]:checked, input[name=role][type=hidden]");
    const role = chosen?.value;
    const teaches = form.querySelector("input[name=teaches]")?.checked;
    if (part("limit")) part("limit").hidden = role !== "office";
    if (part("teaches")) part("teaches").hidden = !role || role === "teacher";
    part("subjects").hidden = !(role === "teacher" || (role && teaches));
  };
  form.addEventListener("change", arrange);
  arrange();
})();
