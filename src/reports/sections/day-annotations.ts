import type { DayForecast } from "../charts/stacked-days.ts";
import type { Others, ReportFacts } from "../section.ts";
import type { TrendRow } from "./gpu-hours-trend.ts";
import { forecastText } from "./outlook.ts";
import type { ReservationDay } from "./reservation-days.ts";

/** What other sections know of the same days, and the chart shows over its bars. */
export interface Annotations {
  reserved: readonly ReservationDay[];
  forecast: readonly (DayForecast & { text: string })[];
}

/** Of a part of the organisation, such as a project, neither reservations nor a forecast are known. */
export const withoutAnnotations: Annotations = { reserved: [], forecast: [] };

/** What the page's other sections know of the days of the period. */
export function annotationsOf(others: Others, { period }: ReportFacts): Annotations {
  const rowsOf = <R extends { usage_date: string }>(query: string) =>
    ((others.get(query)?.rows ?? []) as unknown as readonly R[]).filter(
      ({ usage_date: day }) => day >= period.start && day < period.end,
    );
  return {
    reserved: rowsOf<ReservationDay>("reservation_days"),
    forecast: rowsOf<TrendRow>("gpu_hours_trend").flatMap(
      ({ usage_date: day, forecast, forecast_low: low, forecast_high: high }) =>
        forecast === null
          ? []
          : [
              {
                day,
                value: Number(forecast),
                low: low === null ? null : Number(low),
                high: high === null ? null : Number(high),
                text: forecastText(forecast, low, high),
              },
            ],
    ),
  };
}
