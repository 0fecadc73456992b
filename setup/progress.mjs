/**
 * Progress of one download. In: bytes so far and in all. Out: a bar that redraws itself on a terminal, otherwise one
 * plain line per 25 percent. Effects: writes to the given stream.
 */

const WIDTH = 30;

/**
 * @param {string} label
 * @param {{ isTTY?: boolean, write: (text: string) => unknown }} stream
 * @returns {{ update: (done: number, total: number) => void, end: () => void }} `total` 0 = not known yet: nothing is drawn.
 */
export function progressBar(label, stream = process.stderr) {
  let last = -1;
  let drawn = false;
  return {
    update(done, total) {
      if (total <= 0) return;
      const percent = Math.max(0, Math.min(100, Math.floor((done / total) * 100)));
      const step = stream.isTTY ? percent : Math.floor(percent / 25) * 25;
      if (step <= last) return;
      last = step;
      if (!stream.isTTY) {
        stream.write(`${label}: ${step}%\n`);
        return;
      }
      const filled = Math.round((percent / 100) * WIDTH);
      const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
      const bar = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
      stream.write(`\r${label} ${bar} ${percent}% ${megabytes(done)}/${megabytes(total)} MB`);
      drawn = true;
    },
    end() {
      if (drawn) stream.write("\n");
      drawn = false;
    },
  };
}
