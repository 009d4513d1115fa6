/**
 * An answer of the API's monitoring with a row for each series, so that a fleet's answer is never one value of
 * hundreds of megabytes: `{"data": {"result": [{"metric": …, "values": …}]}}` or `{"data": [{…}]}` becomes
 * `{"items": [{"labels": …, "values": …}]}`. What is of another shape stays as it came, and is found out as such.
 */
export function seriesAsRows(answer: unknown): unknown {
  const series = seriesOf(answer);
  if (!series) return answer;
  return {
    items: series.map((each) =>
      isObject(each) ? { labels: labelsOf(each.metric), values: each.values ?? null } : each,
    ),
  };
}

function seriesOf(answer: unknown): readonly unknown[] | null {
  if (!isObject(answer)) return null;
  const { data } = answer;
  if (Array.isArray(data)) return data;
  const result = isObject(data) ? data.result : undefined;
  if (Array.isArray(result)) return result;
  // A project that nothing is measured of may be answered without any.
  return "data" in answer && (data === null || (isObject(data) && result == null)) ? [] : null;
}

/** The labels as a text that is the same in whatever order they come. */
const labelsOf = (metric: unknown): string =>
  JSON.stringify(
    isObject(metric) ? Object.fromEntries(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1))) : {},
  );

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
