// The parts of an audit panel that are folded until the reader opens them; each is written when it is opened first.
function copyable(text) {
  const { ui } = numbers().data;
  return make("p", { class: "copyable" }, make("code", {}, text), make("button", { type: "button", "data-copy": text, "aria-label": `${ui.copy}: ${text}` }, ui.copy));
}

// The weeks that an estimate is of: a share is of all up to its week.
function weeks({ week, model }) {
  const { ui, models } = numbers().data, kind = models[model]?.weeks;
  return week && kind ? fill(kind === "until" ? ui.share_weeks : ui.week, { week }) : "";
}

const foldedParts = (() => {
  const opened = new Set();  // what the reader has unfolded stays so from number to number

  function folded(name, head, text, content) {
    const summary = make("summary", {}, make("strong", {}, head), text ? ` ${text}` : "");
    const part = make("details", opened.has(name) ? { open: "" } : {}, summary);
    const unfold = () => { if (part.childElementCount === 1) part.append(...content().flat().filter(child => child !== "")); };
    part.addEventListener("toggle", () => {
      opened[part.open ? "add" : "delete"](name);
      if (part.open) unfold();
    });
    if (part.open) unfold();
    return part;
  }

  const paragraph = (head, text) => text ? make("p", {}, make("strong", {}, `${head}: `), text) : "";
  const coded = (head, text) => text ? make("p", {}, `${head}: `, make("code", {}, text)) : "";
  const count = number => localised(String(number));
  const heads = labels => make("thead", {}, make("tr", {}, labels.map(label => label ? make("th", { scope: "col" }, label) : make("td", {}))));
  const line = ([label, ...cells]) => make("tr", {}, make("th", { scope: "row" }, label), cells.map(cell => make("td", {}, cell)));
  const table = (caption, labels, rows) => make("table", {}, make("caption", {}, caption), heads(labels), make("tbody", {}, rows.map(line)));

  function model({ estimate }, { ui, models, variables, samples, groups, estimands }) {
    const known = models[estimate.model];
    if (!known) return null;
    return folded("model", ui.model, known.name, () => {
      const [name, , purpose] = samples[`${estimate.model}/${estimate.sample}`];
      const equation = make("div", { class: "equation", tabindex: "0", role: "group", "aria-label": known.equation });
      if (known.symbols) equation.innerHTML = known.symbols;  // MathML of the build, never of a reader
      else equation.append(make("code", {}, known.equation));
      const group = groups[`${estimate.model}/${estimate.sample}/${estimate.parameter}`];
      const words = { sample: [name, group].filter(Boolean).join(", "), outcome: variables[estimate.outcome]?.[0] ?? "", weeks: weeks(estimate) };
      const meant = (estimands[known.estimand] ?? []).flatMap(([head, text]) => [make("dt", {}, head), make("dd", {}, fill(text, words))]);
      const covariates = known.covariates.map(covariate => variables[covariate]?.[0] ?? covariate).join("; ");
      return [
        make("p", {}, known.words), equation,
        paragraph(ui.purpose, `${purpose}, ${known.reason}`), paragraph(ui.covariates, covariates), paragraph(ui.reported, known.report),
        meant.length ? [make("h4", {}, ui.estimand), make("dl", {}, meant)] : [],
      ];
    });
  }

  function sample({ estimate }, { ui, samples, models, flow }) {
    const values = estimate.statistics, [name, conditions] = samples[`${estimate.model}/${estimate.sample}`] ?? ["", ""];
    if (!name) return null;
    const counted = models[estimate.model].n, size = values.n === null ? "" : `, ${count(values.n)} ${inSentence(ui[counted])}`;
    return folded("sample", ui.sample, name + size, () => {
      // Of a model that counts person-weeks the persons of the two arms are known, of one that counts those at risk none.
      const all = counted === "n" ? values.n : counted === "person_weeks" && ![values.n_control, values.n_treated].includes(null) ? values.n_control + values.n_treated : null;
      const used = all === null ? [] : [[ui.used, values.n_control, values.n_treated, all]];
      const rows = [...flow, ...used].map(([label, ...own]) => [label, ...own.map(number => number === null ? ui.dash : count(number))]);
      return [
        conditions ? make("p", {}, conditions) : "",
        table(ui.flow, ["", ui.control, ui.treated, ui.total], rows),
        values.n_clusters === null ? "" : make("p", {}, `${ui.n_clusters}: ${count(values.n_clusters)}`),
        estimate.written ? make("p", {}, `${ui.written}: `, make("code", { lang: "en" }, estimate.written)) : "", coded(ui.sample_hash, estimate.hash),
      ];
    });
  }

  const MOST_DEFINED = 12;  // covariates whose definitions a panel repeats

  function definitions({ estimate }, { ui, models, variables, splits }) {
    const known = models[estimate.model], covariates = known?.covariates ?? [];
    const named = [estimate.outcome, known?.weeks === "until" ? "share" : "", splits[estimate.sample], estimate.parameter.split(":")[0], ...(covariates.length <= MOST_DEFINED ? covariates : [])];
    const entries = [...new Set(named)].filter(name => variables[name]).map(name => variables[name]);
    if (!entries.length) return null;
    return folded("definitions", ui.variables, variables[estimate.outcome]?.[0], () => [
      make("dl", {}, entries.flatMap(([label, definition, rule]) => [make("dt", {}, label), make("dd", {}, definition, rule ? make("span", { class: "rule" }, ` ${ui.rule}: `, make("code", { lang: "en" }, rule)) : "")])),
    ]);
  }

  function received(cell, { ui, verified }) {
    const found = verified?.walk(cell);
    if (!found?.rows.length) return null;
    const rows = () => found.rows.map(([arm, group, from, to, number]) => [arm, group, from === null ? "" : `${from}\u2013${to}`, number === null ? ui.few : count(number)]);
    return folded("received", ui.cells, count(found.cells), () => [table(ui.cells_by, [ui.arm, ui.group, ui.weeks, ui.count], rows())]);
  }

  function files({ estimate }, { ui, provenance, models }) {
    if (!provenance) return null;
    return folded("files", ui.files, "", () => {
      const commit = provenance.commit && `${provenance.commit}${provenance.is_clean === false ? `, ${ui.not_committed}` : ""}`;
      const lines = provenance.chain(models[estimate.model]?.stage).map(([path, hash, maker]) => make("li", {}, make("code", {}, path), ` ${maker}`, make("code", {}, hash)));
      return [coded(ui.commit, commit), coded(ui.head, provenance.head), make("p", {}, ui.files_words), make("ul", { class: "files-list" }, lines)];
    });
  }

  function elsewhere(cell, { ui, names }) {
    const places = cell.estimate.cells.filter(place => place !== cell.place);
    if (!places.length) return null;
    const listed = other => make("li", {}, make("a", { href: `#${other.address}` }, other.text), ` ${inSentence(names[other.statistic])}, ${other.exhibit.number} ${whereabouts(other).join(" \u00b7 ")}`);
    return folded("elsewhere", ui.elsewhere, count(places.length), () => [make("ul", {}, places.map(numbers().cell).map(listed))]);
  }

  function terminal(cell, { ui, extract, models }) {
    if (!models[cell.estimate.model]) return null;  // of the population, which make trace does not walk
    const command = `make trace EXTRACT=${extract} ID=${cell.address}`;
    return folded("terminal", ui.terminal, "", () => [copyable(command), copyable(`${command} FORMAT=html`)]);
  }

  return cell => [model, sample, definitions, received, files, elsewhere, terminal].map(part => part(cell, numbers().data)).filter(Boolean);
})();
