// The numbers of the page: read from the data it carries when one is asked for, and written as the page writes them.
const numbers = (() => {
  let known = null;

  // Names that are stored as what each adds to the one before.
  function restore({ shared, rest }) {
    let before = "";
    return rest.map((end, place) => (before = before.slice(0, shared[place]) + end));
  }

  function read() {
    const data = JSON.parse(document.getElementById("panel-data").textContent);
    const { cells, estimates } = data;
    const addresses = restore(cells.address), estimateIds = restore(estimates.address);
    const places = new Map(addresses.map((address, place) => [address, place]));
    const value = (name, place) => cells[name].of[cells[name].at[place]];
    const ofEstimate = new Map();
    cells.estimate.forEach((estimate, place) => {
      if (!ofEstimate.has(estimate)) ofEstimate.set(estimate, []);
      ofEstimate.get(estimate).push(place);
    });

    function cell(place) {
      const address = addresses[place], exhibit = address.slice(0, address.indexOf("/"));
      const named = Object.fromEntries(["panel", "row", "column", "statistic", "unit", "scale", "status", "rule"].map(name => [name, value(name, place)]));
      return { place, address, text: cells.text[place], exhibit: data.exhibits[exhibit], exhibitName: exhibit, estimate: estimate(cells.estimate[place]), ...named };
    }

    function estimate(place) {
      const id = estimateIds[place], [model, sample, outcome, week, parameter] = id.split("/");
      const statistics = Object.fromEntries(data.statistics.map((name, column) => [name, estimates.values[place][column] ?? null]));
      const [written, hash] = ["note", "sample"].map(name => estimates[name].of[estimates[name].at[place]]), note = data.notes[written] ?? written;
      return { place, id, model, sample, outcome, week, parameter, statistics, note, written, hash, cells: ofEstimate.get(place) };
    }

    Object.assign(data, evidenceOf(data));
    return { data, addresses, cell, find: address => places.has(address) ? cell(places.get(address)) : null };
  }

  return () => known ??= read();
})();

// Text with its {placeholders} filled.
const fill = (text, words) => text.replace(/\{(\w+)\}/g, (all, name) => words[name] ?? all);

// Digits as the page writes them: its decimal point, thousands apart, a minus sign.
function localised(text) {
  const { point, thousands } = numbers().data;
  const [, sign, whole, fraction = "", power = ""] = text.match(/^(-?)(\d+)(\.\d+)?(e.*)?$/);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thousands);
  return (sign ? "\u2212" : "") + grouped + fraction.replace(".", point) + power.replace("-", "\u2212");
}

// A statistic of an estimate to six significant digits, in the unit of the place that shows it; "" where there is none.
function statisticText(name, value, scale) {
  if (value === null || value === undefined) return "";
  const { units } = numbers().data;
  if (["estimate", "control_mean", "relative"].includes(name) || /(^|_)(se|low|high)$/.test(name)) value *= 10 ** units[scale][0];
  if (Number.isInteger(value)) return localised(String(value));
  return localised(String(Number(value.toPrecision(/^p_value$|_p$/.test(name) ? 3 : 6))));
}

// The same with as many decimals as the page gives its unit, as in a readout.
function roundedText(value, scale) {
  const [shift, decimals] = numbers().data.units[scale];
  return localised((value * 10 ** shift).toFixed(decimals).replace(/^-(0(?:\.0+)?)$/, "$1"));
}

// A label in the middle of a sentence.
const inSentence = label => /^\p{Lu} ?\p{Ll}/u.test(label) ? label[0].toLowerCase() + label.slice(1) : label;

// Where a number stands: panel, row, column, as the exhibit calls them.
function whereabouts({ exhibit, panel, row, column }) {
  const { ui } = numbers().data;
  const week = /^\d+$/.test(row) && ["effect", "survival"].includes(exhibit.kind) ? fill(ui.week, { week: row }) : "";
  return [exhibit.panels[panel], exhibit.rows[row] || week, exhibit.columns[column]].filter(Boolean);
}

// An element with attributes and children; what is null is left out.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.flat().filter(child => child !== null && child !== ""));
  return element;
}
