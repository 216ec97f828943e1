import { type Finding, visibleText } from "hikyaku";

/** Up to so many similar findings are all shown. */
const mostAlike = 5;
/** If there are more, only so many are shown. */
const examples = 3;

/** Lines for people. Of many findings that differ only in the task, it shows a few and how many there are. */
export function findingsText(findings: readonly Finding[]): string[] {
  const alike = Map.groupBy(findings, ({ level, kind, queue, repair, action }) =>
    JSON.stringify([level, kind, queue, repair, action]),
  );
  return [...alike.values()].flatMap((group) =>
    group.length > mostAlike ? manyLines(group) : group.flatMap(oneLines),
  );
}

function oneLines(finding: Finding): string[] {
  return [`${headOf(finding)}: ${visibleText(finding.detail)}`, ...actionLines(finding)];
}

function manyLines(group: readonly Finding[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const rest = group.length - examples;
  return [
    `${headOf(first)}: ${group.length.toLocaleString("en")} alike, such as`,
    ...group.slice(0, examples).map(({ detail }) => `        ${visibleText(detail)}`),
    `        and ${rest.toLocaleString("en")} more; --json lists all`,
    ...actionLines(first),
  ];
}

function headOf({ level, kind, queue }: Finding): string {
  return `${level.toUpperCase().padEnd(7)} ${kind}${queue === undefined ? "" : ` [${visibleText(queue)}]`}`;
}

function actionLines({ repair, action }: Finding): string[] {
  if (action === undefined || repair === "by_hand") return [];
  return [`        ${repair === "repaired" ? "repaired" : "->"}: ${action}`];
}
