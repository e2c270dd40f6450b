// The calendar as a grid: EventCalendar in our dress, fed by the page's own address. Without it the list below says the same.
// A lesson is dragged to a new place; calendar-panel.js then asks the school's rules, and only a yes makes it stay.
(() => {
  const WIDE = "(min-width: 768px)";
  const NOBODY = "none";
  const GRIDS = {
    resourceTimelineMonth: { views: { resourceTimelineMonth: { duration: { weeks: 1 } } }, columnWidth: "minmax(7.5rem, 1fr)" },
    timeGridWeek: { slotDuration: "00:30", snapDuration: "00:15" },
    resourceTimeGridDay: { slotDuration: "00:30", snapDuration: "00:15" },
  };
  const WEEK_BY_LANE = "resourceTimelineMonth"; // its cells are days
  let grid = null;

  const text = (tag, className, words) => {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = words;
    return element;
  };

  const icon = (sprite, name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  };

  const clock = (wall, language) => (language === "da" ? `${Number(wall.slice(11, 13))}.${wall.slice(14, 16)}` : wall.slice(11, 16));

  // Wall times are counted as if they were UTC: the browser's own clock changes must not move a lesson of the school.
  const moment = (wall) => Date.parse(`${wall}Z`);
  const wallOf = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 19);
  const shifted = (wall, { days = 0, seconds = 0 }) => wallOf(moment(wall) + days * 86_400_000 + seconds * 1000);

  const nameOf = (lesson, type, words) => {
    const { who, name, seats, status } = lesson;
    const called = who.length && seats <= 2 ? who.join(" + ") : name || type.name;
    return status === "pending" ? words.request.replace("%s", called) : called;
  };

  const placesOf = (lesson, data, box) => {
    if (box.dataset.lane === "teacher") return [String(lesson.teacher)];
    const here = new Set(data.lanes.known.map((lane) => lane.id));
    const used = lesson.things.filter((id) => here.has(id)).map(String);
    const kinds = box.dataset.kinds.split(" ");
    const lacks = !used.length && data.types[lesson.type].needs.some((kind) => kinds.includes(kind));
    return lacks ? [NOBODY] : used;
  };

  // Two lessons on the night the clock goes back can end "before" they begin; they still need a box to be drawn in.
  const drawnEnd = ({ start, end }) => (end > start ? end : wallOf(moment(start) + 900_000));

  const eventOf = (lesson, data, box) => {
    const { language, lane, view, lessons } = box.dataset;
    const type = data.types[lesson.type];
    const status = data.statuses[lesson.status];
    const [teacher, initials] = data.lanes.teachers[lesson.teacher] ?? ["", ""];
    const hours = `${clock(lesson.start, language)}–${clock(lesson.end, language)}`;
    const isWeekOfOne = view === "timeGridWeek";
    const marks = [];
    if (lesson.held) marks.push(data.words.held.replace("%s", clock(lesson.held, language)));
    if (lesson.afterwards) marks.push(data.words.afterwards);
    return {
      id: String(lesson.id),
      resourceIds: placesOf(lesson, data, box),
      start: lesson.start,
      end: drawnEnd(lesson),
      title: nameOf(lesson, type, data.words),
      startEditable: lesson.movable,
      classNames: [`is-${lesson.status.replace("_", "-")}`, `is-${type.kind.replace("_", "-")}`, `colour-${type.colour}`],
      extendedProps: {
        url: `${lessons}${lesson.id}/`,
        start: lesson.start,
        seconds: (moment(lesson.end) - moment(lesson.start)) / 1000,
        hours,
        initials,
        seats: lesson.seats > 2 ? `${lesson.taken}/${lesson.seats}` : "",
        about: lane === "teacher" && !isWeekOfOne ? type.name : [teacher, type.name].filter(Boolean).join(" · "),
        status: status.label,
        statusIcon: lesson.status === "confirmed" ? (lesson.afterwards ? "pencil" : "") : status.icon,
        marks,
      },
    };
  };

  const shutOf = (span, index, view) => ({
    id: `shut-${index}`,
    resourceIds: view === "timeGridWeek" ? [] : [String(span.lane)],
    start: span.start,
    end: span.end,
    display: "background",
    classNames: ["is-shut"],
  });

  // In a week of days only a whole day off can be shown.
  const daysOff = (span, index) => {
    const found = [];
    for (let day = `${span.start.slice(0, 10)}T00:00:00`; shifted(day, { days: 1 }) <= span.end; day = shifted(day, { days: 1 })) {
      if (day >= span.start) found.push({ ...shutOf({ ...span, start: day, end: shifted(day, { days: 1 }) }, `${index}-${found.length}`), allDay: true });
    }
    return found;
  };

  const lanesOf = (data, events) => {
    const used = new Set(events.flatMap((event) => event.resourceIds));
    const usual = new Set(data.lanes.usual);
    const lanes = data.lanes.known.filter((lane) => usual.has(lane.id) || used.has(String(lane.id)));
    const shown = lanes.map(({ id, title, short, note }) => ({ id: String(id), title, extendedProps: { short, note } }));
    if (used.has(NOBODY)) shown.unshift({ id: NOBODY, title: data.words.nothing, extendedProps: { short: "?", note: "" } });
    return shown;
  };

  // The day as most schools know it, wider when a lesson lies outside.
  const boundsOf = (data) => {
    let [opens, closes] = [7 * 60, 19 * 60];
    for (const { start, end } of data.lessons) {
      const [from, to] = [start, end].map((wall) => Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16)));
      opens = Math.min(opens, Math.floor(from / 60) * 60);
      closes = Math.max(closes, end.slice(0, 10) > start.slice(0, 10) ? 24 * 60 : Math.ceil(to / 60) * 60);
    }
    const shown = (minutes) => `${String(minutes / 60).padStart(2, "0")}:00`;
    return { slotMinTime: shown(opens), slotMaxTime: shown(closes) };
  };

  const contentsOf = (data, box) => {
    const { view } = box.dataset;
    const lessons = data.lessons.map((lesson) => eventOf(lesson, data, box));
    const shut = data.shut.flatMap((span, index) => (view === WEEK_BY_LANE ? daysOff(span, index) : [shutOf(span, index, view)]));
    const isByLane = view !== "timeGridWeek";
    return {
      resources: isByLane ? lanesOf(data, lessons) : [],
      events: [...lessons.filter((event) => !isByLane || event.resourceIds.length), ...shut],
      ...(view === WEEK_BY_LANE ? {} : boundsOf(data)),
    };
  };

  // A lesson is a link: it opens in a new tab like any other, and a screen reader reads who, when and how it stands.
  const lessonLink = (event, sprite) => {
    const { url, hours, about, seats, status, statusIcon, initials, marks } = event.extendedProps;
    const link = document.createElement("a");
    link.className = "cal-event";
    link.href = url;
    link.dataset.panel = "";
    link.draggable = false; // or the browser drags the address, and the grid never hears of the drop
    link.title = [event.title, hours, about, seats, status, ...marks].filter(Boolean).join(" · ");
    const title = text("b", "", event.title);
    if (statusIcon) title.prepend(icon(sprite, statusIcon));
    const short = text("span", "cal-event__short", initials);
    short.setAttribute("aria-hidden", "true");
    const [from, until] = hours.split("–");
    const when = text("span", "num cal-event__when", from);
    when.append(text("span", "cal-event__until", `–${until}`));
    if (seats) when.append(text("span", "cal-event__seats", seats));
    link.append(short, title, when, text("span", "cal-event__about", [about, ...marks].join(" · ")), text("span", "visually-hidden", status));
    return link;
  };

  const laneHead = (resource) => {
    const head = document.createElement("span");
    head.className = "cal-lane";
    const { short, note } = resource.extendedProps;
    const initials = text("span", "avatar avatar--sm", short);
    initials.setAttribute("aria-hidden", "true");
    const name = text("b", "", resource.title);
    if (note) name.append(text("small", "", note));
    head.append(initials, name);
    return head;
  };

  // The grid draws its now-line by the browser's clock; where that is not the school's, no line is better than a wrong one.
  const showsSchoolTime = (zone) => {
    const now = new Date();
    const style = { dateStyle: "short", timeStyle: "short" };
    return now.toLocaleString("sv", { ...style, timeZone: zone }) === now.toLocaleString("sv", style);
  };

  // The grid calls itself a table without rows. What is in it are links; the list is the table for those who need one.
  const undress = (box) => {
    const roles = ["table", "rowgroup", "row", "cell", "columnheader", "rowheader"];
    for (const part of box.querySelectorAll(roles.map((role) => `[role="${role}"]`).join())) {
      for (const name of ["role", "aria-colindex", "aria-colspan", "aria-rowindex", "aria-rowspan"]) part.removeAttribute(name);
    }
  };

  const ask = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

  // While a lesson is dragged, everything where just this one cannot be is shaded. The answer of a drag that is over is dropped.
  let dragged = 0;
  const SHADE = "shade-";

  const daysOf = (box) => {
    const count = box.dataset.view === "resourceTimeGridDay" ? 1 : 7;
    return Array.from({ length: count }, (_, number) => shifted(`${box.dataset.date}T00:00:00`, { days: number }));
  };

  const gapsOf = (spans, from, to) => {
    const gaps = [];
    let at = from;
    for (const [start, end] of spans.filter(([, end]) => end > from)) {
      if (start >= to) break;
      if (start > at) gaps.push([at, start]);
      if (end > at) at = end;
    }
    return at < to ? [...gaps, [at, to]] : gaps;
  };

  // A cell of the week by lane is a day: the lesson keeps its hours there.
  const shadesOf = (spans, day, lesson, box) => {
    if (box.dataset.view !== WEEK_BY_LANE) return gapsOf(spans, day, shifted(day, { days: 1 }));
    const start = `${day.slice(0, 11)}${lesson.start.slice(11)}`;
    const end = shifted(start, { seconds: lesson.length });
    return spans.some(([from, to]) => from <= start && end <= to) ? [] : [[day, shifted(day, { days: 1 })]];
  };

  const shade = (box, lesson, { own, free }) => {
    const { view, lane, teacher } = box.dataset;
    const lanes = view === "timeGridWeek" ? [null] : grid.getOption("resources").map(({ id }) => id);
    for (const id of lanes) {
      const spans = free[lane === "teacher" ? (id ?? (teacher || own)) : own] ?? [];
      for (const [start, end] of daysOf(box).flatMap((day) => shadesOf(spans, day, lesson, box))) {
        grid.addEvent({
          id: `${SHADE}${id}-${start}`,
          resourceIds: id === null ? [] : [id],
          start,
          end,
          allDay: view === WEEK_BY_LANE,
          display: "background",
          classNames: ["is-impossible"],
        });
      }
    }
  };

  const unshade = () => {
    dragged += 1;
    for (const { id } of grid.getEvents()) if (String(id).startsWith(SHADE)) grid.removeEventById(id);
  };

  const lifted = (box) => async ({ event }) => {
    unshade();
    const drag = dragged;
    const { start, seconds } = event.extendedProps;
    const asked = new URLSearchParams({ first: box.dataset.date, days: daysOf(box).length });
    const answer = await fetch(`${box.dataset.lessons}${event.id}/move/free/?${asked}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return;
    const found = await answer.json();
    if (drag === dragged) shade(box, { start, length: seconds }, found);
  };

  const dropped = (box) => ({ oldEvent, delta, newResource, revert }) => {
    const wish = { start: shifted(oldEvent.extendedProps.start, delta) };
    if (newResource && newResource.id !== NOBODY) wish[box.dataset.lane === "teacher" ? "teacher" : "resource"] = newResource.id;
    ask("calendar:dropped", { lesson: oldEvent.id, wish, revert });
  };

  const clicked = (box) => ({ dateStr, allDay, resource, jsEvent }) => {
    if (jsEvent.target.closest("a")) return;
    const wish = { start: allDay ? `${dateStr.slice(0, 10)}T08:00` : dateStr.slice(0, 16) };
    if (resource && resource.id !== NOBODY) wish[box.dataset.lane === "teacher" ? "teacher" : "resource"] = resource.id;
    if (box.dataset.teacher) wish.teacher ??= box.dataset.teacher;
    ask("calendar:clicked", { wish });
  };

  const draw = (box, data) => {
    const { view, date, language, sprite, zone } = box.dataset;
    const isAtSchool = showsSchoolTime(zone);
    const contents = contentsOf(data, box);
    box.classList.toggle("cal-grid--abroad", !isAtSchool);
    grid = window.EventCalendar.create(box, {
      view,
      date,
      locale: language,
      headerToolbar: { start: "", center: "", end: "" },
      allDaySlot: false,
      nowIndicator: isAtSchool,
      slotEventOverlap: false,
      firstDay: 1,
      slotLabelInterval: "01:00",
      slotHeight: 32,
      slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
      dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
      eventStartEditable: true,
      eventDurationEditable: false,
      eventContent: ({ event }) => (event.display === "background" ? "" : { domNodes: [lessonLink(event, sprite)] }),
      resourceLabelContent: ({ resource }) => ({ domNodes: [laneHead(resource)] }),
      dateClick: clicked(box),
      eventDrop: dropped(box),
      eventDragStart: lifted(box),
      eventDragStop: unshade,
      scrollTime: contents.slotMinTime ?? "00:00",
      ...GRIDS[view],
      ...contents,
    });
    box.querySelector(".ec-main")?.setAttribute("tabindex", "0"); // the keyboard scrolls a day without lessons too
    box.dataset.ready = "";
    undress(box);
  };

  const gathered = ({ lesson, value }) => {
    const lists = new Map();
    lesson.forEach((id, at) => lists.set(id, [...(lists.get(id) ?? []), value[at]]));
    return lists;
  };

  // The feed sends a list for every column, and students, places and things in lists of their own.
  const lessonsOf = ({ lessons, ...lists }) => {
    const [who, taken, things] = [lists.who, lists.taken, lists.things].map(gathered);
    const columns = Object.entries(lessons);
    return lessons.id.map((id, at) => ({
      ...Object.fromEntries(columns.map(([name, values]) => [name, values[at]])),
      who: (who.get(id) ?? []).slice(0, 2),
      taken: taken.get(id)?.[0] ?? 0,
      things: things.get(id) ?? [],
    }));
  };

  const fetched = async (box) => {
    const answer = await fetch(box.dataset.events, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const data = await answer.json();
    return { ...data, lessons: lessonsOf(data.lessons) };
  };

  const complain = () => {
    const words = document.querySelector('meta[name="text-offline"]')?.content;
    ask("toast", { tone: "bad", text: words });
  };

  const show = async (box) => {
    if (box.dataset.asked || !window.matchMedia(WIDE).matches) return;
    box.dataset.asked = "";
    try {
      draw(box, await fetched(box));
    } catch {
      box.hidden = true;
      complain();
    }
  };

  const refresh = async (box) => {
    if (!grid) return;
    try {
      const contents = contentsOf(await fetched(box), box);
      for (const [name, value] of Object.entries(contents)) grid.setOption(name, value);
      undress(box);
    } catch {
      complain();
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("calendar-grid");
    if (!box) return;
    show(box);
    window.matchMedia(WIDE).addEventListener("change", () => show(box));
    document.addEventListener("calendar:refresh", () => refresh(box));
    document.addEventListener("pointercancel", () => grid && unshade());
  });
})();
