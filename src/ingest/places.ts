/** Places for work, of which each of several parties has its share. */
export interface Places {
  share(): Share;
}

export interface Share {
  /** Does something for which places are needed: meanwhile one of them is its own. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Does a part of it once there is a place for it. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

interface Line {
  waiting: (() => void)[];
  underWay: number;
}

/**
 * So many places, given to whoever has the fewest. One stays free for each party that has none, so that one whose
 * server hangs can't hold all of them while another has nothing to ask for just then.
 */
export function createPlaces(most: number): Places {
  const lines = new Set<Line>();
  let free = most;

  function admit(): void {
    for (;;) {
      const withNone = [...lines].filter(({ underWay }) => underWay === 0).length;
      const [next] = [...lines]
        .filter(
          ({ waiting, underWay }) => waiting.length > 0 && (underWay === 0 ? free > 0 : free > withNone),
        )
        .sort((a, b) => a.underWay - b.underWay);
      const begin = next?.waiting.shift();
      if (!next || !begin) return;
      next.underWay++;
      free--;
      begin();
    }
  }

  return {
    share() {
      const line: Line = { waiting: [], underWay: 0 };
      return {
        async during(work) {
          lines.add(line);
          try {
            return await work();
          } finally {
            lines.delete(line);
            admit();
          }
        },
        async run(work) {
          await new Promise<void>((resolve) => {
            line.waiting.push(resolve);
            admit();
          });
          try {
            return await work();
          } finally {
            line.underWay--;
            free++;
            admit();
          }
        },
      };
    },
  };
}
