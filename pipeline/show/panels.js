// The audit panel: what a number is and where it comes from. Its address is the page's anchor, so Back closes it.
(() => {
  const [dialog, where, title, said, body] = ["panel", "panel-where", "panel-title", "panel-sentence", "panel-body"].map(id => document.getElementById(id));
  let opener = null, left = null;

  const address = () => decodeURIComponent(location.hash.slice(1));

  function follow() {
    const found = address().includes("/") ? numbers().find(address()) : null;
    if (found) show(found);
    else if (dialog.open) dialog.close();
    else left?.focus({ preventScroll: true });  // to go back takes the focus away from where the panel was opened
    left = null;
  }

  function show(cell) {
    write(cell);
    dialog.dataset.address = cell.address;
    if (!dialog.open) dialog.showModal();
    if (document.activeElement !== title) title.focus({ preventScroll: true });
    requestAnimationFrame(() => { dialog.scrollTop = 0; });  // with the frame that draws it: measuring now costs more
  }

  dialog.addEventListener("close", () => {
    if (address() !== dialog.dataset.address) return;
    // A page opened at an address has no link that was clicked: the number of that address has the focus then.
    left = opener ?? document.getElementById(dialog.dataset.address)?.querySelector("a");
    if (opener) history.back();
    else {
      history.replaceState(null, "", location.pathname + location.search);
      follow();
    }
    opener = null;
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
    if (link && !dialog.contains(link)) opener = link;
  });
  document.addEventListener("panel-ask", event => {
    opener = document.activeElement;
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
    where.replaceChildren(make("strong", {}, cell.exhibit.number), " ", whereabouts(cell).join(" \u00b7 "));
    title.replaceChildren(cell.text, unit && !["count", "date"].includes(cell.unit) ? make("span", { class: "unit" }, ` ${unit}`) : "");
    said.textContent = sentence(cell);
    body.replaceChildren(copyable(cell.address), checks(cell), statistics(cell), ...resampled(cell), ...foldedParts(cell));
  }

  // As: the estimate of "Effect on the share of weeks", an outcome: one arm compared with the other, a sample, weeks 1 to 45.
  function sentence(cell) {
    const { ui, names, models, variables, samples, parameters } = numbers().data, { estimate } = cell;
    const known = models[estimate.model], statistic = cell.statistic === "estimate" && known ? names[known.noun] : names[cell.statistic];
    if (!known) return fill(ui.sentence_plain, { statistic, where: whereabouts(cell).join(", ") });
    const outcome = variables[estimate.outcome]?.[0], where = whereabouts(cell).join(", ");
    const parts = [parameters[`${estimate.model}/${estimate.sample}/${estimate.parameter}`], inSentence(samples[`${estimate.model}/${estimate.sample}`][0]), weeks(estimate)].filter(Boolean);
    return fill(ui.sentence, { statistic, model: known.name, outcome: outcome ? `, ${inSentence(outcome)}` : ` (${where})`, rest: outcome && parts.length ? `: ${parts.join(", ")}` : "" });
  }

  // What vouches for the number: the second route, the walk to the received cells, and what the report prints.
  function checks(cell) {
    const { ui, printed, verified, models } = numbers().data, isTraced = cell.estimate.model in models;
    const lines = verified ? [second(cell, ui), walked(cell, ui)] : isTraced ? [make("li", { class: "unknown" }, ui.not_verified)] : [];
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
    return found ? make("li", { class: found.isMet ? "agrees" : "differs" }, `${ui.walk}: ${fill(found.cells === null ? ui.walked_back : ui.walked, { cells: localised(String(found.cells)), gap: power(found.gap) })}`) : null;
  }

  const power = value => value === 0 ? "0" : localised(Number(value).toExponential(0).replace("e+", "e"));

  function statistics(cell) {
    const { ui, units, rules } = numbers().data, { statistics: values, note } = cell.estimate;
    const shown = { at_risk: "n", x: "control_mean", relative: "estimate" }[cell.statistic] ?? cell.statistic;
    const isDate = cell.scale === "date";
    const text = name => isDate && name === "estimate" ? (cell.statistic === name ? cell.text : "") : statisticText(name, values[name], cell.exhibit.kind === "density" && name === "control_mean" ? "coefficient" : cell.scale);
    const interval = text("ci_low") && `${text("ci_low")} ${ui.to} ${text("ci_high")}`;
    const { model, sample, parameter } = cell.estimate, { models, groups } = numbers().data, { noun = "number", n = "n" } = models[model] ?? {};
    const isOfOne = parameter.startsWith("treated:") && groups[`${model}/${sample}/${parameter}`];  // its model holds the others too
    const called = { estimate: noun, n: isOfOne ? "n_of_groups" : n, ...(n === "n" ? {} : { n_treated: "persons_treated", n_control: "persons_control" }) };
    const label = name => name === "control_mean" && cell.exhibit.kind === "density" ? ui.x : ui[called[name] ?? name];
    const rows = [["estimate"], ["ci", interval, ["ci_low", "ci_high"]], ["se"], ["df"], ["p_value"], ["n"], ["n_treated"], ["n_control"], ["n_clusters"], ["control_mean"]]
      .map(([name, own, covers]) => [name === "ci" ? ui.ci : label(name), own ?? text(name), (covers ?? [name]).includes(shown)])
      .filter(([, value]) => value);
    const scale = units[cell.scale][2], named = ["count", "date"].includes(cell.scale) || !scale ? "" : ` (${fill(ui.unit, { unit: scale })})`;
    return make("section", {}, make("h3", {}, `${ui.statistics}${named}`),
      make("dl", { class: "statistics" }, rows.map(([name, value, isShown]) => make("div", isShown ? { class: "shown" } : {}, make("dt", {}, name), make("dd", {}, value)))),
      note ? make("p", { class: "note" }, `${ui.note}: ${note}`) : "",
      cell.status === "pass" ? "" : make("p", { class: "note judged" }, `${ui.judged}: ${rules[cell.rule]}`));
  }

  // What the lot drawn again, signs of clusters and one cluster left out say of the estimate: a line each, and what it is.
  function resampled(cell) {
    const { ui, resampled: kinds } = numbers().data, values = cell.estimate.statistics;
    const text = name => statisticText(name, values[name], cell.scale);
    const said = name => /_p$/.test(name) ? `${ui.p_value} ${text(name)}` : /_se$/.test(name) ? `${ui.se} ${text(name)}` : /_df$/.test(name) ? `${ui.df} ${text(name)}` : /_low$/.test(name) ? `${text(name)} ${ui.to} ${text(name.replace("low", "high"))}` : "";
    const rows = Object.entries(kinds).map(([kind, names]) => [kind, names.filter(name => text(name)).map(said).filter(Boolean).join(", "), names.includes(cell.statistic)]).filter(([, value]) => value);
    if (!rows.length) return [];
    return [make("section", {}, make("h3", {}, ui.resampled), make("dl", { class: "resampled" }, rows.map(([kind, value, isShown]) =>
      make("div", isShown ? { class: "shown" } : {}, make("dt", {}, ui[kind]), make("dd", {}, value), make("dd", { class: "note" }, fill(ui[`${kind}_words`], { size: text("family_size") }))))))];
  }

  follow();
})();
