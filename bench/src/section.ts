/** Told when the part of a run that is measured begins and ends, and how many tasks were in it: for profiles. */
export interface SectionWatch {
  begin(): Promise<void>;
  end(tasks: number): Promise<void>;
}

let watch: SectionWatch | undefined;

/** Has the measured part of this process's run watched. */
export function watchSection(by: SectionWatch): void {
  watch = by;
}

/** Runs the measured part. */
export async function section<T>(tasks: number, work: () => Promise<T>): Promise<T> {
  await watch?.begin();
  const result = await work();
  await watch?.end(tasks);
  return result;
}

/** Runs the measured part and gives its seconds. */
export function timedSection(tasks: number, work: () => Promise<unknown>): Promise<number> {
  return section(tasks, async () => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1_000;
  });
}
