/** What a chart shows. */
export interface Figures {
  /** Seconds since 1970. */
  times: number[];
  series: {
    label: string;
    /** The name of a colour of tokens.css, e.g. `--good`. */
    color: string;
    values: (number | null)[];
  }[];
  unit: string;
}

export const figure = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });
