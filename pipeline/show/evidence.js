// What verify and provenance wrote, by number: the second route, the walk to received cells, and the chain of files.
function evidenceOf(data) {
  const { verified, provenance, statistics, sources } = data;
  return { verified: verified && readVerified(verified, statistics, sources), provenance: provenance && readChain(provenance) };
}

function readVerified({ second, walked, counts, routes }, statistics, sources) {
  // A table of counts is what it adds to the one before: the first `shared` rows stand.
  let before = [];
  const tables = counts.rest.map((rows, place) => (before = [...before.slice(0, counts.shared[place]), ...rows]));
  const written = ([arm, group, from, to, count]) => [counts.arms[arm], counts.groups[group], from, to, count];
  function secondOf(estimate, name) {
    const own = second[estimate.place], found = own?.[1 + statistics.indexOf(name)];
    if (found === null || found === undefined) return null;
    const [difference, value, agrees] = Array.isArray(found) ? found : [found, estimate.statistics[name], 1];
    return { value, difference, agrees: agrees === 1, route: routes[own[0]] };
  }
  return {
    // An effect as a share of the control group's level has the second values of both, and at most the differences of both.
    second({ estimate, statistic }) {
      if (statistic !== "relative") return secondOf(estimate, sources[statistic] ?? statistic);
      const effect = secondOf(estimate, "estimate"), level = secondOf(estimate, "control_mean");
      return effect && level && {
        value: effect.value / level.value, difference: effect.difference + level.difference, agrees: effect.agrees && level.agrees, route: effect.route,
      };
    },
    walk({ place }) {
      if (walked.gap[place] === null) return null;
      return { gap: walked.gap[place], isMet: walked.met[place], cells: walked.cells[place], get rows() { return (tables[walked.counts[place]] ?? []).map(written); } };
    },
  };
}

// The files that a file rests on, the nearest first, each once.
function readChain({ head, commit, is_clean, files, makers }) {
  function chain(stage) {
    const start = files.findIndex(([path]) => path.endsWith(`/estimates/${stage}.parquet`));
    const found = start < 0 ? [] : [start], seen = new Set(found);
    for (const place of found) for (const source of files[place][3]) if (!seen.has(source)) { seen.add(source); found.push(source); }
    return found.map(place => [files[place][0], files[place][1], makers[files[place][2]]]);
  }
  return { head, commit, is_clean, chain };
}
