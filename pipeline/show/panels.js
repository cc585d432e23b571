// The audit panel: what a number is and where it comes from. Its address is the page's anchor, so Back closes it.
(() => {
  const dialog = document.getElementById("panel"), body = document.getElementById("panel-body");
  const opened = new Set();  // the parts that the reader has unfolded, kept from number to number
  let hasHistory = false, last = null;

  const address = () => decodeURIComponent(location.hash.slice(1));

  function follow() {
    const found = address().includes("/") ? numbers().find(address()) : null;
    if (found) show(found);
    else if (dialog.open) dialog.close();
  }

  function show(cell) {
    body.replaceChildren(...write(cell));
    dialog.dataset.address = cell.address;
    last = document.querySelector(`data a[href="#${CSS.escape(cell.address)}"]`) ?? last;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    document.getElementById("panel-title").focus();
    document.dispatchEvent(new CustomEvent("panel", { detail: cell }));
  }

  dialog.addEventListener("close", () => {
    if (address() !== dialog.dataset.address) return;
    if (hasHistory) history.back();
    else history.replaceState(null, "", location.pathname + location.search);
    hasHistory = false;
    if (document.activeElement === document.body) last?.focus({ preventScroll: true });
  });
  dialog.addEventListener("click", event => {
    if (event.target === dialog || event.target.closest(".close")) dialog.close();
    const copied = event.target.closest("button[data-copy]"), inside = event.target.closest("a[href^='#']");
    if (copied) copy(copied);
    if (inside) {  // from number to number inside the panel: Back still leads to the page
      event.preventDefault();
      history.replaceState(null, "", inside.getAttribute("href"));
      follow();
    }
  });
  document.addEventListener("click", event => {
    const link = event.target.closest?.("a[href*='/'][href^='#']");
    if (link && !dialog.contains(link)) hasHistory = true;
  });
  document.addEventListener("panel-ask", event => {
    hasHistory = true;
    location.hash = event.detail;
  });
  window.addEventListener("hashchange", follow);

  async function copy(button) {
    const text = button.dataset.copy, { ui } = numbers().data;
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page that is a file, or a reader who said no: the old way still works, and what is marked can be copied
      const marked = button.parentElement.querySelector("code");
      getSelection().selectAllChildren(marked);
      document.execCommand("copy");
    }
    button.textContent = ui.copied;
    setTimeout(() => { button.textContent = ui.copy; }, 1500);
  }

  function write(cell) {
    const { ui, units } = numbers().data;
    const unit = units[cell.unit][2];
    return [
      make("p", { class: "where" }, make("strong", {}, cell.exhibit.number), " ", whereabouts(cell).join(" \u00b7 ")),
      make("h2", { id: "panel-title", tabindex: "-1" }, cell.text, unit && !["count", "date"].includes(cell.unit) ? make("span", { class: "unit" }, ` ${unit}`) : ""),
      make("p", { id: "panel-sentence" }, sentence(cell)),
      copyable(cell.address),
      checks(cell),
      statistics(cell),
      ...[model, sample, definitions, received, files, elsewhere, terminal].map(part => part(cell, ui)).filter(Boolean),
    ];
  }

  function copyable(text) {
    const { ui } = numbers().data;
    return make("p", { class: "copyable" }, make("code", {}, text), make("button", { type: "button", "data-copy": text, "aria-label": `${ui.copy}: ${text}` }, ui.copy));
  }

  // 'The estimate of "Effect on the share of weeks", employment: LTJS compared with control, all participants, weeks 1 to 45.'
  function sentence(cell) {
    const { ui, names, models, variables, samples, parameters } = numbers().data, { estimate } = cell;
    const known = models[estimate.model], statistic = cell.statistic === "estimate" && known ? names[known.noun] : names[cell.statistic];
    if (!known) return fill(ui.sentence_plain, { statistic });
    const outcome = variables[estimate.outcome]?.[0], where = whereabouts(cell).join(", ");
    const parts = [parameters[`${estimate.model}/${estimate.sample}/${estimate.parameter}`], inSentence(samples[`${estimate.model}/${estimate.sample}`][0]), weeks(estimate)].filter(Boolean);
    return fill(ui.sentence, { statistic, model: known.name, outcome: outcome ? `, ${inSentence(outcome)}` : ` (${where})`, rest: outcome && parts.length ? `: ${parts.join(", ")}` : "" });
  }

  function weeks({ week, model }) {
    const { ui, models } = numbers().data, kind = models[model]?.weeks;
    return week && kind ? fill(kind === "until" ? ui.share_weeks : ui.week, { week }) : "";
  }

  // What vouches for the number: the second route, the walk to the received cells, and what the report prints.
  function checks(cell) {
    const { ui, printed, verified } = numbers().data;
    const lines = verified ? [second(cell, ui), walked(cell, ui)] : [make("li", { class: "unknown" }, ui.not_verified)];
    for (const [text, isMet, units, errata] of printed.numbers[cell.address] ?? []) {
      const how = isMet ? ui.printed_as : units ? fill(ui.printed_differs, { units: localised(units) }) : ui.printed_unknown;
      lines.push(make("li", { class: isMet ? "agrees" : "differs" }, `${ui.printed}: `, make("strong", {}, text), ` (${how})`));
      for (const name of errata) lines.push(make("li", { class: "unknown" }, `${fill(ui.erratum, { name })}: ${printed.errata[name] ?? ""}`));
    }
    return make("ul", { class: "checks" }, lines.filter(Boolean));
  }

  function second(cell, ui) {
    const found = numbers().data.verified.second(cell);
    if (!found) return make("li", { class: "unknown" }, ui.not_verified_here);
    const { value, difference, agrees, route } = found;
    return make("li", { class: agrees ? "agrees" : "differs" }, `${ui.second}, ${route}: `, make("strong", {}, statisticText(cell.statistic, value, cell.scale)), `, ${ui.difference} ${power(difference)}, ${agrees ? ui.agrees : ui.differs}`);
  }

  function walked(cell, ui) {
    const found = numbers().data.verified.walk(cell);
    return found ? make("li", { class: found.isMet ? "agrees" : "differs" }, `${ui.walk}: ${fill(ui.walked, { cells: localised(String(found.cells)), gap: power(found.gap) })}`) : null;
  }

  const power = value => value === 0 ? "0" : localised(Number(value).toExponential(0).replace("e+", "e"));

  function statistics(cell) {
    const { ui, names, units } = numbers().data, { statistics: values, note } = cell.estimate;
    const shown = cell.statistic === "at_risk" ? "n" : cell.statistic === "x" ? "control_mean" : cell.statistic;
    const isDate = cell.scale === "date";
    const text = name => isDate && name === "estimate" ? (cell.statistic === name ? cell.text : "") : statisticText(name, values[name], cell.exhibit.kind === "density" && name === "control_mean" ? "coefficient" : cell.scale);
    const interval = text("ci_low") && `${text("ci_low")} ${ui.to} ${text("ci_high")}`;
    const noun = numbers().data.models[cell.estimate.model]?.noun ?? "number";
    const label = name => name === "control_mean" && cell.exhibit.kind === "density" ? ui.x : ui[name === "estimate" ? noun : name];
    const rows = [["estimate"], ["ci", interval, ["ci_low", "ci_high"]], ["se"], ["df"], ["p_value"], ["n"], ["n_treated"], ["n_control"], ["n_clusters"], ["control_mean"]]
      .map(([name, own, covers]) => [name === "ci" ? ui.ci : label(name), own ?? text(name), (covers ?? [name]).includes(shown)])
      .filter(([, value]) => value);
    const scale = units[cell.scale][2], named = ["count", "date"].includes(cell.scale) || !scale ? "" : ` (${fill(ui.unit, { unit: scale })})`;
    return make("section", {}, make("h3", {}, `${ui.statistics}${named}`),
      make("dl", { class: "statistics" }, rows.map(([name, value, isShown]) => make("div", isShown ? { class: "shown" } : {}, make("dt", {}, name), make("dd", {}, value)))),
      note ? make("p", { class: "note" }, `${ui.note}: ${note}`) : "");
  }

  // A part that is folded until the reader opens it, and then stays open for the next number.
  function folded(name, summary, ...children) {
    const part = make("details", opened.has(name) ? { open: "" } : {}, make("summary", {}, summary), ...children);
    part.addEventListener("toggle", () => opened[part.open ? "add" : "delete"](name));
    return part;
  }

  const headed = (head, text) => make("span", {}, make("strong", {}, head), text ? ` ${text}` : "");
  const paragraph = (head, text) => text ? make("p", {}, make("strong", {}, `${head}: `), text) : "";

  function model({ estimate }, ui) {
    const { models, variables, samples, estimands, parameters } = numbers().data, known = models[estimate.model];
    if (!known) return null;
    const [name, , purpose] = samples[`${estimate.model}/${estimate.sample}`] ?? ["", "", ""];
    const equation = make("div", { class: "equation", tabindex: "0", role: "group", "aria-label": known.equation });
    if (known.symbols) equation.innerHTML = known.symbols;  // MathML of the build, never of a reader
    else equation.append(make("code", {}, known.equation));
    const words = { sample: name, outcome: variables[estimate.outcome]?.[0] ?? "", weeks: weeks(estimate) };
    const meant = (estimands[known.estimand] ?? []).map(([head, text]) => [make("dt", {}, head), make("dd", {}, fill(text, words))]);
    const covariates = known.covariates.map(covariate => variables[covariate]?.[0] ?? covariate).join("; ");
    return folded("model", headed(ui.model, known.name),
      make("p", {}, known.words), equation,
      paragraph(ui.purpose, [purpose, known.reason].filter(Boolean).join(", ")),
      paragraph(ui.covariates, covariates),
      paragraph(ui.reported, known.report),
      meant.length ? make("h4", {}, ui.estimand) : "", meant.length ? make("dl", {}, meant.flat()) : "");
  }

  function sample({ estimate }, ui) {
    const { samples, flow, names } = numbers().data, values = estimate.statistics;
    const [name, conditions] = samples[`${estimate.model}/${estimate.sample}`] ?? ["", ""];
    if (!name) return null;
    const used = [ui.used, values.n_control, values.n_treated, values.n];
    const row = ([label, ...counts]) => make("tr", {}, make("th", { scope: "row" }, label), counts.map(count => make("td", {}, count === null ? ui.dash : localised(String(count)))));
    const head = ["", ui.control, ui.treated, ui.total].map((label, place) => place ? make("th", { scope: "col" }, label) : make("td", {}));
    const size = values.n === null ? "" : `, ${localised(String(values.n))} ${inSentence(ui.n)}`;
    return folded("sample", headed(ui.sample, name + size),
      conditions ? make("p", {}, conditions) : "",
      make("table", {}, make("caption", {}, ui.flow), make("thead", {}, make("tr", {}, head)), make("tbody", {}, flow.map(row), row(used))),
      values.n_clusters === null ? "" : make("p", {}, `${ui.n_clusters}: ${localised(String(values.n_clusters))}`),
      estimate.written ? make("p", {}, `${ui.note}: `, make("code", {}, estimate.written)) : "",
      make("p", {}, `${ui.sample_hash}: `, make("code", {}, estimate.hash)));
  }

  function definitions({ estimate }, ui) {
    const { models, variables, splits } = numbers().data, known = models[estimate.model];
    const named = [estimate.outcome, ...(known?.weeks === "until" ? ["share"] : []), splits[estimate.sample], estimate.parameter.split(":")[0], ...(known?.covariates.length < 12 ? known.covariates : [])];
    const entries = [...new Set(named)].filter(name => variables[name]).map(name => {
      const [label, definition, rule] = variables[name];
      return [make("dt", {}, label), make("dd", {}, definition, rule ? make("span", { class: "rule" }, ` ${ui.rule}: ${rule}.`) : "")];
    });
    return entries.length ? folded("definitions", headed(ui.variables, variables[estimate.outcome]?.[0]), make("dl", {}, entries.flat())) : null;
  }

  function received(cell, ui) {
    const { verified } = numbers().data, found = verified?.walk(cell);
    if (!found?.rows.length) return null;
    const row = ([arm, group, from, to, count]) => make("tr", {}, make("th", { scope: "row" }, arm), make("td", {}, group), make("td", {}, from === null ? "" : `${from}\u2013${to}`), make("td", {}, count === null ? ui.few : localised(String(count))));
    const head = [ui.arm, ui.group, ui.weeks, ui.count].map(label => make("th", { scope: "col" }, label));
    return folded("received", headed(ui.cells, localised(String(found.cells))), make("table", {}, make("caption", {}, ui.cells_by), make("thead", {}, make("tr", {}, head)), make("tbody", {}, found.rows.map(row))));
  }

  function files({ estimate }, ui) {
    const { provenance, models } = numbers().data;
    if (!provenance) return null;
    const chain = provenance.chain(models[estimate.model]?.stage);
    const line = ([path, hash, maker]) => make("li", {}, make("code", {}, path), ` ${maker} `, make("code", { title: hash }, hash.slice(0, 32)));
    const commit = provenance.commit && `${provenance.commit}${provenance.is_clean === false ? `, ${ui.page_dirty}` : ""}`;
    return folded("files", headed(ui.files, String(chain.length)), paragraph(ui.commit, commit), paragraph(ui.head, provenance.head), make("p", {}, ui.files_words), make("ul", { class: "files-list" }, chain.map(line)));
  }

  function elsewhere(cell, ui) {
    const others = cell.estimate.cells.filter(place => place !== cell.place).map(numbers().cell);
    if (!others.length) return null;
    const line = other => make("li", {}, make("a", { href: `#${other.address}` }, other.text), ` ${inSentence(numbers().data.names[other.statistic])}, ${other.exhibit.number} ${whereabouts(other).join(" \u00b7 ")}`);
    return folded("elsewhere", headed(ui.elsewhere, String(others.length)), make("ul", {}, others.map(line)));
  }

  function terminal(cell, ui) {
    const { extract } = numbers().data, command = `make trace EXTRACT=${extract} ID=${cell.address}`;
    return folded("terminal", headed(ui.terminal, "make trace"), copyable(command), copyable(`${command} FORMAT=html`));
  }

  follow();
})();
