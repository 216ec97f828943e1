import { code, type RichText, rich } from "../rich-text.ts";
import type { ReadinessMessages } from "./en-readiness.ts";

const whole = new Intl.NumberFormat("ja");

function several(count: number): RichText {
  return rich`${code("default")} を受け持つワーカーが ${whole.format(count)} つあり`;
}

/** サーバーの状態についての日本語の文言。 */
export const jaReadiness: ReadinessMessages = {
  title: "サーバーの状態",
  asking: "サーバーに確認しています…",
  summary: {
    ok: "準備完了",
    warning: "動いていますが、確認が必要です",
    error: "準備ができていません",
    broken: "動いていますが、異常があります",
  },
  noAnswer: "API サーバーから応答がありません。10 秒ごとに確認し直します。",
  withheld: "見つかった内容は、操作 API を使える人にだけ表示されます。",
  level: { ok: "正常", warning: "警告", error: "異常" },
  checks: {
    job_queue_store: "ジョブの保存先",
    rate_limit_store: "リクエスト数の制限",
    workers: "ワーカー",
    worker_server: "ワーカーサーバー",
    worker_processes: "ワーカーのプロセス",
  },
  finding: {
    store_answers: (store) => rich`応答しています：${code(store)}`,
    store_away: (store) => rich`応答がありません：${code(store)}`,
    store_away_since: (store, time) => rich`${time} から応答がありません：${code(store)}`,
    reads_fail: (store) => rich`応答はありますが、読み取りが拒まれています：${code(store)}`,
    some_writes_fail: (time) => rich`${time} から、このサーバーの書き込みが繰り返し失敗しています`,
    writes_fail: (store, time) => rich`${time} から書き込みができません：${code(store)}`,
    rate_limit_counts: (store) => rich`${code(store)} で数えています`,
    rate_limit_counts_here: rich`API サーバーのメモリで数えています`,
    rate_limit_off: rich`制限していません`,
    rate_limit_store_away: (store) => rich`${code(store)} が応答しないため、数えずに受け付けています`,
    no_worker: rich`動いているワーカーがありません。${code("npm run start:worker")} で起動するまでジョブは待ちます`,
    one_worker: (worker) => rich`1 つ動いています：${worker}`,
    several_processes: (count) =>
      rich`ワーカープログラムが 1 つ、${whole.format(count)} プロセスで動いています。次のジョブはそのどれかが実行します`,
    several_workers: (count) =>
      rich`${whole.format(count)} つ動いており、次のジョブをどれが実行するかは決まっていません。止め忘れはありませんか`,
    more_worker_warnings: (count) =>
      rich`警告はほかに ${whole.format(count)} 件あります。${code("hikyaku servers")} ですべて確認できます`,
    workers_unknown: rich`保存先の応答がなく、動いているワーカーが分かりません`,
    worker_server: (running, concurrency) =>
      rich`最大 ${whole.format(concurrency)} 件のうち ${whole.format(running)} 件を実行中です`,
    worker_server_idle: rich`ジョブを受け付けていません`,
    worker_processes: (active, count) =>
      rich`${whole.format(count)} つのうち ${whole.format(active)} つのプロセスが受け付けています`,
    worker_process_idle: (process) => rich`プロセス ${process} はジョブを受け付けていません`,
    check_failed: rich`確認できませんでした`,
  },
  comma: "、",
  started: (time) => `${time} に起動`,
  warnings: {
    other_build: (worker) => rich`最も新しいワーカーとビルドが異なります：${worker}`,
    other_directory: (worker) => rich`最も新しいワーカーと起動した場所が異なります：${worker}`,
    older_process: (worker) => rich`同じコードの新しいワーカーがあり、止め忘れの可能性があります：${worker}`,
    other_build_than_api: (worker, build) => rich`このサーバーのビルド ${code(build)} と異なります：${worker}`,
    gone: (worker) => rich`プロセスが終了しています：${worker}`,
    silent: (worker, time) => rich`${time} から応答がありません：${worker}`,
    blocked: (worker, length) => rich`イベントループが ${length}止まりました：${worker}`,
    clock_offset: (worker, length) => rich`時計が ${length}ずれています：${worker}`,
    foreign: (worker) => rich`別のライブラリーのワーカーで、動いているコードが分かりません：${worker}`,
  },
  notice: {
    several: {
      none: (count) => rich`${several(count)}、どれが出力するかは決まっていません`,
      other_build: (count) => rich`${several(count)}、ビルドの異なるものがあります`,
      other_directory: (count) => rich`${several(count)}、別の場所で起動したものがあります`,
      older_process: (count) => rich`${several(count)}、古いコードのままかもしれないものがあります`,
      foreign: (count) => rich`${several(count)}、別のライブラリーのものがあります`,
    },
    severalText: "メッセージは、ジョブを受け取ったワーカーの標準出力に表示されます。意図しないものは停止してください。",
    gone: (count) => rich`停止の手続きを経ずに終了したワーカーが ${whole.format(count)} つあります（プロセスなし）`,
    silent: (count) => rich`応答のないワーカーが ${whole.format(count)} つあります`,
    silentSince: (time) => rich`${time} から応答のないワーカーがあります`,
    look: rich`確認が必要なワーカーがあります`,
    serverAway: rich`API サーバーから応答がありません`,
    serverAwayText: "ジョブの表示は、最後に応答があった時点のものです。確認を続けています。",
    storeAway: rich`保存先から応答がありません`,
    storeAwayText:
      "いま登録しても、保存されないか、保存されたかどうか分かりません。ジョブの表示は、最後に応答があった時点のものです。",
    writesFail: rich`保存先に書き込めないため、何も登録できません`,
  },
};
