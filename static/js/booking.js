// Booking: keep what is typed while times are chosen; at the desk find a student by typing and show their free times.
(() => {
  const plain = (words) => words.toLocaleLowerCase().normalize("NFD").replace(/\p{Diacritic}/gu, "");

  const narrow = (search) => {
    const select = document.getElementById(search.dataset.narrows);
    select.allOptions ??= [...select.options];
    const wanted = plain(search.value.trim());
    const found = select.allOptions.filter((option) => !option.value || plain(option.text).includes(wanted));
    const chosen = select.value;
    select.replaceChildren(...found);
    const people = found.filter((option) => option.value);
    if (wanted && people.length === 1) select.value = people[0].value;
    else if (people.some((option) => option.value === chosen)) select.value = chosen;
    else select.value = "";
    if (select.value !== chosen) select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const refind = (form, changed) => {
    const chosen = new FormData(form);
    if (!chosen.get("student") || !chosen.get("lesson_type")) return;
    const address = new URL(form.dataset.finder, window.location.href);
    address.searchParams.set("student", chosen.get("student"));
    address.searchParams.set("type", chosen.get("lesson_type"));
    if (chosen.get("day")) address.searchParams.set("day", chosen.get("day"));
    const department = document.getElementById("finder-department");
    if (department && changed !== "student") address.searchParams.set("department", department.value);
    window.htmx
      ?.ajax("GET", address.pathname + address.search, { target: "#finder", select: "#finder", swap: "outerHTML" })
      .then(() => propose(form));
  };

  // Another lesson type has other lengths; one that it has too stays chosen.
  const lengthen = (form) => {
    const { lesson_type: type, minutes: select } = form.elements;
    if (!select?.dataset.lengths) return;
    const chosen = select.value;
    const lengths = JSON.parse(select.dataset.lengths)[type.value] ?? [];
    select.replaceChildren(select.options[0], ...lengths.map(([minutes, words]) => new Option(words, minutes)));
    select.value = lengths.some(([minutes]) => String(minutes) === chosen) ? chosen : "";
  };

  // Nobody shares a car with themselves.
  const pair = ({ elements: { student, other_student: other } }) => {
    if (!other) return;
    const chosen = other.value;
    const people = [...(student.allOptions ?? student.options)].filter(({ value }) => value && value !== student.value);
    other.replaceChildren(other.options[0], ...people.map(({ text, value }) => new Option(text, value)));
    other.value = people.some(({ value }) => value === chosen) ? chosen : "";
  };

  // What is known of the student fills what nobody has typed or chosen.
  const propose = (form) => {
    const { place = "", teacher = "" } = document.getElementById("finder").dataset;
    const { place: placeInput, teacher: teacherSelect } = form.elements;
    if (!placeInput.value || placeInput.value === placeInput.dataset.proposed) placeInput.value = place;
    placeInput.dataset.proposed = place;
    if (!teacherSelect.value) teacherSelect.value = teacher;
  };

  // A free time fills the form; without scripts its link opens the page with everything filled in.
  const take = (link, form) => {
    const { slotDay: day, slotTime: time, slotTeacher: teacher } = link.dataset;
    if (!day) return false;
    form.elements.day.value = day;
    form.elements.time.value = time;
    form.elements.teacher.value = teacher;
    for (const other of document.querySelectorAll("#finder .slot")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    form.elements.time.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  };

  // Choosing another time swaps the page around the form: what was typed in it stays, also what came back refused.
  const typed = new Map();
  document.addEventListener("htmx:beforeSwap", () => {
    for (const input of document.querySelectorAll("[data-keep]")) {
      if (input.dataset.keep === "typed" || input.value !== input.defaultValue) typed.set(input.id, input.value);
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, value] of typed) {
      const input = document.getElementById(id);
      if (input) input.value = value;
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-narrows]")) narrow(event.target);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-finder]");
    if (event.target.name === "lesson_type") lengthen(event.target.form);
    if (event.target.name === "student" && event.target.form) pair(event.target.form);
    if (form && ["student", "lesson_type"].includes(event.target.name)) refind(form, event.target.name);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#finder a.slot");
    const form = document.querySelector("form[data-finder]");
    if (link && form && take(link, form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
})();
