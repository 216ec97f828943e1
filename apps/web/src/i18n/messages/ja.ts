import type { Messages } from "./en.ts";

const whole = new Intl.NumberFormat("ja");

/** ページの日本語の文言。 */
export const ja: Messages = {
  product: {
    meaning: "継ぎ送りで便りを運んだ人びと",
    headline: "いま預けて、時が来たら走る。",
    sentence:
      "Hikyaku は TypeScript のタスクキューです。何もインストールせずに組み込みのファイルで動き、Go の Asynq プログラムと共有する Redis でも動きます。",
  },
  navigation: {
    label: "ページ",
    home: "ホーム",
    registerJob: "ジョブを登録",
    apiDocs: "API ドキュメント",
    skipToContent: "本文へ移動",
    language: "言語",
  },
  home: {
    title: "ホーム",
    registerJob: "ジョブを登録する",
    apiDocs: "API ドキュメントを読む",
    relayTitle: "ジョブの道のり",
    relay: [
      { name: "登録", text: "メッセージと待ち時間を預けます。キューは両方を保存してから応答します。" },
      { name: "待機", text: "ジョブはストアに残ります。再起動しても失われません。" },
      { name: "出力", text: "ワーカーがジョブを受け取り、メッセージを標準出力に表示します。" },
    ],
  },
  readiness: {
    title: "サーバーの状態",
    loading: "サーバーに確認しています…",
    ready: "準備完了",
    warning: "準備完了（警告があります）",
    notReady: "準備ができていません",
    noAnswer: "API サーバーから応答がありません。10 秒ごとに確認し直します。",
    checks: {
      job_queue_store: "ジョブキューの保存先",
      rate_limit_store: "レート制限の保存先",
      workers: "ワーカー",
      worker_server: "ワーカーサーバー",
      worker_processes: "ワーカープロセス",
    },
    level: { ok: "正常", warning: "警告", error: "異常" },
  },
  job: {
    title: "ジョブを登録",
    intro: "待ち時間が過ぎると、ワーカーがメッセージを表示します。空欄の項目には既定値が使われます。",
    fields: {
      message: {
        label: "メッセージ",
        help: (fallback) => `1 行で入力します。既定値は「${fallback}」です。`,
      },
      delay_seconds: {
        label: "待ち時間（秒）",
        help: (fallback) => `実行までの秒数です。空欄または 0 の場合は ${whole.format(fallback)} です。`,
      },
      max_retry: {
        label: "再試行の回数",
        help: (fallback) => `失敗したときにやり直す回数です。空欄または 0 の場合は ${whole.format(fallback)} です。`,
      },
    },
    faults: {
      notOneLine: "1 行で入力してください。改行、タブ、制御文字は使えません。",
      tooLong: (largest) => `${whole.format(largest)} 文字以内で入力してください。`,
      notInRange: (largest) => `0 から ${whole.format(largest)} までの整数を入力してください。`,
      refused: (message) => `サーバーからの説明：${message}`,
    },
    submit: "登録する",
    submitting: "登録しています…",
  },
  result: {
    registered: "ジョブを登録しました",
    jobId: "ジョブ ID",
    runs: "実行予定",
    runsAt: (time, distance) => `${time}（${distance}）`,
    invalid: "登録されていません",
    invalidHere: "印の付いた項目を直してください。",
    invalidThere: "サーバーがこの内容を受け付けませんでした。",
    rateLimited: "リクエストが多すぎます",
    rateLimitedUntil: (distance, time) => `登録されていません。${distance}（${time}）にもう一度お試しください。`,
    rateLimitedUnknown: "登録されていません。再試行できる時刻が不明なため、1 分ほどお待ちください。",
    unavailable: "キューのストアに接続できません",
    unavailableText: "登録されていません。サーバーは接続を試み続けています。しばらくしてからもう一度お試しください。",
    unreachable: "API サーバーに接続できません",
    unreachableText:
      "接続とサーバーの起動を確認して、もう一度お試しください。送信後に接続が切れた場合は、登録されている可能性があります。",
    offline: "オフラインです",
    offlineText: "登録されていません。接続してからもう一度お試しください。",
    timedOut: (seconds) => `${whole.format(seconds)} 秒以内に応答がありませんでした`,
    timedOutText: "登録されたかどうかは分かりません。もう一度試す前に、ワーカーの出力を確認してください。",
    unexpected: "理解できない応答が返されました",
    unexpectedText: (status) => `サーバーが HTTP ステータス ${status} を返しました。登録されたかどうかは分かりません。`,
    serverSays: "サーバーからの説明",
  },
  sessionJobs: {
    title: "このタブで登録したジョブ",
    empty: "まだありません。登録したジョブがここに表示されます。",
    note: (kept) => `新しい順に最大 ${whole.format(kept)} 件。タブを閉じると一覧は消えますが、ジョブは消えません。`,
    waiting: (distance) => `${distance}に実行`,
    due: "予定時刻を過ぎました",
    retries: (count) => `再試行 ${whole.format(count)} 回`,
  },
  copy: {
    label: (what) => `${what}をコピー`,
    text: "コピー",
    done: "コピーしました",
    failed: "選択してコピーしてください",
  },
  notFound: {
    title: "ページが見つかりません",
    text: "この宛先を知る飛脚はいません。",
    home: "ホームへ戻る",
  },
  broken: {
    title: "ページでエラーが起きました",
    text: "ページ自身のエラーです。このエラーによって送信されたものはありません。",
    retry: "もう一度試す",
  },
};
