"use strict";
// Lists a plan: filters it, draws only the rows that are seen, and shows one change whole. The text of
// people and groups goes into the page as text, never as markup.
(() => {
  const plan = JSON.parse(document.getElementById("plan").textContent);
  const { people, groups, changes, findings, codes, words } = plan;
  const TALLEST = 8000000; // pixels; browsers draw no element that is much taller
  const PRINTED = 2000;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const who = (at) => (at < 0 ? "" : people.name[at] ? `${people.id[at]} ${people.name[at]}` : people.id[at]);
  const count = (number) => number.toLocaleString("en");

  // -- what a row says ----------------------------------------------------------------------------------

  const findingsOf = new Map();
  findings.who.forEach((person, at) => {
    if (person < 0) return;
    if (!findingsOf.has(person)) findingsOf.set(person, []);
    findingsOf.get(person).push(at);
  });

  const changeList = {
    name: "changes",
    size: changes.kind.length,
    heads: ["action", "who", "type", "what", "why", "from"],
    cells(at) {
      const action = words.actions[changes.action[at]];
      const person = changes.who[at];
      return [
        [`${words.signs[action]} ${action} ${words.kinds[changes.kind[at]]}`, words.tones[action]],
        [person < 0 ? what(at) : who(person), "open"],
        [person < 0 ? "" : people.type[person]],
        [person < 0 ? "" : what(at)],
        [words.reasons[changes.reason[at]]],
        [person < 0 ? "" : people.place[person], "quiet"],
      ];
    },
    text(at) {
      const person = changes.who[at];
      const other = changes.other[at];
      return [person < 0 ? "" : who(person), other < 0 ? "" : who(other), what(at), changes.before[at], changes.after[at],
        words.reasons[changes.reason[at]], person < 0 ? "" : people.place[person]].join("\n").toLowerCase();
    },
    filters: [
      ["action", words.actions, (at, value) => words.actions[changes.action[at]] === value],
      ["kind", words.kinds, (at, value) => words.kinds[changes.kind[at]] === value],
      ["member type", words.types, (at, value) => changes.who[at] >= 0 && people.type[changes.who[at]] === value],
      ["group", groups.label, (at, value) => changes.group[at] >= 0 && groups.label[changes.group[at]] === value],
      ["finding", Object.keys(codes), (at, value) => hasFinding(changes.who[at], value)],
    ],
    open: openChange,
  };

  const findingList = {
    name: "findings",
    size: findings.code.length,
    heads: ["level", "code", "who", "from", "what"],
    cells: (at) => [
      [findings.level[at], { error: "take", blocked: "take", warning: "change" }[findings.level[at]]],
      [findings.code[at]],
      [who(findings.who[at]) || codes[findings.code[at]].title, "open"],
      [findings.place[at], "quiet"],
      [findings.detail[at]],
    ],
    text: (at) => [who(findings.who[at]), findings.code[at], findings.place[at], findings.detail[at]].join("\n").toLowerCase(),
    filters: [
      ["level", words.levels, (at, value) => findings.level[at] === value],
      ["code", Object.keys(codes), (at, value) => findings.code[at] === value],
    ],
    open: openFinding,
  };

  function what(at) {
    if (changes.other[at] >= 0) return `parent of ${who(changes.other[at])}`;
    if (changes.group[at] >= 0) return groups.label[changes.group[at]];
    if (words.actions[changes.action[at]] === "create") return "";
    // That a user becomes active or not is what the action says already.
    return words.fields[changes.fields[at]].split(" ").filter((field) => field !== "active").join(", ");
  }

  function hasFinding(person, code) {
    return (findingsOf.get(person) || []).some((at) => findings.code[at] === code);
  }

  // -- a list that draws only what is seen --------------------------------------------------------------

  function showList(list, place) {
    const search = make("input", { type: "search", id: `${list.name}-search`, autocomplete: "off" });
    const bar = make("div", { class: "filters screen-only", role: "search", "aria-label": `Filter ${list.name}` },
      make("div", { class: "filter search" }, make("label", { for: search.id }, "Search"), search));
    const selects = list.filters.map(([name, values]) => {
      const id = `${list.name}-${name.replace(" ", "-")}`;
      const select = make("select", { id }, make("option", { value: "" }, "all"), ...values.map((value) => make("option", { value }, value)));
      bar.append(make("div", { class: "filter" }, make("label", { for: id }, name), select));
      return select;
    });
    const clear = make("button", { type: "button" }, "Clear");
    bar.append(clear);
    const status = make("p", { role: "status", class: "quiet" });
    const head = make("div", { class: `head of-${list.name}`, "aria-hidden": "true" }, ...list.heads.map((name) => make("span", {}, name)));
    const space = make("div", { class: "space", role: "rowgroup" });
    const rows = make("div", { class: `rows of-${list.name}`, role: "table", tabindex: "0", "aria-label": list.name }, space);
    const printed = make("div", { class: "print-only" });
    place.append(bar, status, head, rows, printed);

    let texts = null;
    let shown = [];
    let height = 36;
    let focus = -1;

    function filter() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = selects.map((select, at) => [select.value, list.filters[at][2]]).filter(([value]) => value);
      if (words.length && !texts) texts = Array.from({ length: list.size }, (_, at) => list.text(at));
      shown = [];
      for (let at = 0; at < list.size; at += 1) {
        if (wanted.every(([value, holds]) => holds(at, value)) && words.every((word) => texts[at].includes(word))) shown.push(at);
      }
      status.textContent = shown.length === list.size ? `${count(list.size)} ${list.name}` : `${count(shown.length)} of ${count(list.size)} ${list.name}`;
      rows.setAttribute("aria-rowcount", shown.length);
      rows.scrollTop = 0;
      focus = -1;
      draw();
    }

    function metrics() {
      height = window.matchMedia("(max-width: 46rem)").matches ? 76 : 36;
      const whole = shown.length * height;
      const tall = Math.min(whole, TALLEST);
      const most = Math.max(tall - rows.clientHeight, 1);
      return { whole, tall, scale: Math.max(whole - rows.clientHeight, 1) / most };
    }

    function draw() {
      const { tall, scale } = metrics();
      space.style.height = `${tall}px`;
      const top = rows.scrollTop * scale;
      const first = Math.max(Math.floor(top / height) - 5, 0);
      const last = Math.min(Math.ceil((top + rows.clientHeight) / height) + 5, shown.length);
      const focused = focus >= first && focus < last && space.contains(document.activeElement);
      space.replaceChildren();
      for (let at = first; at < last; at += 1) {
        const row = make("div", { class: "row", role: "row", "aria-rowindex": at + 1 });
        row.style.top = `${at * height - top + rows.scrollTop}px`;
        list.cells(shown[at]).forEach(([text, tone]) => {
          const cell = make("span", { role: "cell", class: tone && tone !== "open" ? tone : null, title: text || null });
          if (tone === "open") {
            const button = make("button", { type: "button", class: "open", "data-at": at, tabindex: "-1" }, text || "(nobody)");
            cell.append(button);
          } else cell.textContent = text;
          row.append(cell);
        });
        space.append(row);
      }
      if (focused) button(focus)?.focus({ preventScroll: true });
    }

    const button = (at) => space.querySelector(`button[data-at="${at}"]`);

    function moveTo(at) {
      if (!shown.length) return;
      focus = Math.min(Math.max(at, 0), shown.length - 1);
      const { scale } = metrics();
      const top = rows.scrollTop * scale;
      const above = focus * height < top;
      const below = (focus + 1) * height > top + rows.clientHeight;
      if (above) rows.scrollTop = (focus * height) / scale;
      if (below) rows.scrollTop = ((focus + 1) * height - rows.clientHeight) / scale;
      draw();
      button(focus)?.focus({ preventScroll: true });
    }

    rows.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
    rows.addEventListener("keydown", (event) => {
      const page = Math.max(Math.floor(rows.clientHeight / height) - 1, 1);
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
      if (!(event.key in steps)) return;
      event.preventDefault();
      moveTo(focus < 0 && event.key === "ArrowDown" ? 0 : focus + steps[event.key]);
    });
    rows.addEventListener("click", (event) => {
      const at = event.target.closest("button")?.dataset.at;
      if (at === undefined) return;
      focus = Number(at);
      list.open(shown[focus], () => { draw(); button(focus)?.focus(); });
    });
    new ResizeObserver(draw).observe(rows);

    let waiting = 0;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    });
    selects.forEach((select) => select.addEventListener("change", filter));
    clear.addEventListener("click", () => {
      search.value = "";
      selects.forEach((select) => { select.value = ""; });
      filter();
      search.focus();
    });

    window.addEventListener("beforeprint", () => {
      const body = shown.slice(0, PRINTED).map((at) => make("tr", {}, ...list.cells(at).map(([text]) => make("td", {}, text))));
      const table = make("table", {}, make("thead", {}, make("tr", {}, ...list.heads.map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...body));
      printed.replaceChildren(table);
      if (shown.length > PRINTED) printed.append(make("p", {}, `... and ${count(shown.length - PRINTED)} more, not printed.`));
    });
    window.addEventListener("afterprint", () => printed.replaceChildren());

    filter();
    return {
      choose(name, value) {
        const at = list.filters.findIndex(([label]) => label === name);
        selects.forEach((select) => { select.value = ""; });
        search.value = "";
        selects[at].value = value;
        filter();
        place.scrollIntoView();
        rows.focus();
      },
      search,
    };
  }

  // -- one change, whole --------------------------------------------------------------------------------

  const dialog = document.getElementById("detail");

  function openDialog(title, back, ...parts) {
    const close = make("button", { type: "button" }, "Close");
    close.addEventListener("click", () => dialog.close());
    dialog.replaceChildren(make("header", {}, make("h2", { id: "detail-title" }, title), close), ...parts);
    dialog.addEventListener("close", back, { once: true });
    dialog.showModal();
  }

  function changeParts(at) {
    const action = words.actions[changes.action[at]];
    const kind = words.kinds[changes.kind[at]];
    const about = what(at);
    const line = make("p", {}, make("strong", { class: words.tones[action] }, `${words.signs[action]} ${action} ${kind}`),
      changes.other[at] >= 0 || changes.group[at] >= 0 ? ` ${about}` : "", words.reasons[changes.reason[at]] ? `: ${words.reasons[changes.reason[at]]}` : "");
    const fields = words.fields[changes.fields[at]].split(" ").filter(Boolean);
    if (!fields.length) return [line];
    const before = changes.before[at].split("\u001f");
    const after = changes.after[at].split("\u001f");
    const values = fields.map((field, nth) => make("tr", {}, make("th", { scope: "row" }, field), make("td", {}, before[nth] ?? ""), make("td", {}, after[nth] ?? "")));
    const heads = ["field", "before", "after"].map((name) => make("th", { scope: "col" }, name));
    return [line, make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Fields" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...values)))];
  }

  function findingParts(at) {
    const code = findings.code[at];
    return [make("p", {}, make("code", {}, code), `, ${codes[code].title}: ${findings.detail[at]} `, make("span", { class: "quiet" }, findings.place[at]),
      make("br"), `What to do: ${codes[code].remedy}`)];
  }

  function openPerson(person, title, own, ownChange, back) {
    const parts = [...own];
    if (person >= 0) {
      parts.unshift(make("p", { class: "quiet" }, [people.type[person], people.place[person]].filter(Boolean).join(", from ")));
      const others = [];
      for (let at = 0; at < changes.who.length && others.length < 50; at += 1) {
        if (at !== ownChange && (changes.who[at] === person || changes.other[at] === person)) others.push(at);
      }
      if (others.length) parts.push(make("h3", {}, "Also"), ...others.flatMap(changeParts));
      const told = findingsOf.get(person) || [];
      if (told.length) parts.push(make("h3", {}, "Findings"), ...told.flatMap(findingParts));
    }
    openDialog(title, back, ...parts);
  }

  function openChange(at, back) {
    openPerson(changes.who[at], who(changes.who[at]) || what(at), changeParts(at), at, back);
  }

  function openFinding(at, back) {
    const person = findings.who[at];
    openPerson(person, who(person) || codes[findings.code[at]].title, person < 0 ? findingParts(at) : [], -1, back);
  }

  // -- start --------------------------------------------------------------------------------------------

  const changesShown = showList(changeList, document.getElementById("change-list"));
  showList(findingList, document.getElementById("finding-list"));

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, dialog")) return;
    event.preventDefault();
    changesShown.search.focus();
  });

  const byKey = new Map(groups.key.map((key, at) => [key, at]));
  const membersOf = new Map();
  changes.group.forEach((group, at) => {
    if (group < 0 || changes.who[at] < 0) return;
    if (!membersOf.has(group)) membersOf.set(group, []);
    membersOf.get(group).push(at);
  });
  document.querySelectorAll("details[data-group]").forEach((details) => {
    details.addEventListener("toggle", () => {
      const place = details.querySelector(".members");
      if (!details.open || place.hasChildNodes()) return;
      const group = byKey.get(details.dataset.group);
      const moved = membersOf.get(group) || [];
      const items = moved.slice(0, 200).map((at) => {
        const action = words.actions[changes.action[at]];
        return make("li", {}, make("span", { class: words.tones[action] }, words.signs[action]), ` ${who(changes.who[at])}`);
      });
      place.append(items.length ? make("ul", {}, ...items) : make("p", { class: "quiet" }, "Nobody joins or leaves."));
      if (moved.length) {
        const button = make("button", { type: "button" }, "Show among the changes");
        button.addEventListener("click", () => changesShown.choose("group", groups.label[group]));
        place.append(button);
      }
    });
  });
})();
