import type { Messages } from "./en.ts";
import { jaJobs } from "./ja-jobs.ts";
import { jaReadiness } from "./ja-readiness.ts";

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
      { name: "待機", text: "ジョブは保存先に残ります。再起動しても失われません。" },
      { name: "出力", text: "ワーカーがジョブを受け取り、メッセージを標準出力に表示します。" },
    ],
  },
  readiness: jaReadiness,
  job: {
    title: "ジョブを登録",
    intro: "待ち時間が過ぎると、ワーカーがメッセージを標準出力に表示します。",
    fields: {
      message: {
        label: "メッセージ",
        help: (fallback) => `1 行で入力します。空欄の場合は「${fallback}」です。`,
      },
      delay_seconds: {
        label: "待ち時間（秒）",
        help: (fallback) => `出力するまでの秒数です。空欄または 0 の場合は ${whole.format(fallback)} です。`,
      },
      max_retry: {
        label: "再試行の回数",
        help: (fallback) =>
          `初回に失敗したあとの回数です。空欄または 0 の場合は ${whole.format(fallback)} で、全部で ${whole.format(fallback + 1)} 回試します。`,
      },
    },
    faults: {
      notOneLine: "1 行で入力してください。改行、タブ、制御文字は使えません。",
      tooLong: (largest) => `${whole.format(largest)} 文字以内で入力してください。`,
      notInRange: (largest) => `0 から ${whole.format(largest)} までの整数を入力してください。`,
      refused: (message) => `サーバーからの説明：${message}`,
    },
    submit: "ジョブを登録",
    submitting: "登録しています…",
  },
  result: {
    invalid: "登録されていません",
    invalidHere: "印の付いた項目を直してください。",
    invalidThere: "サーバーがこの内容を受け付けませんでした。",
    rateLimited: "リクエストが多すぎます",
    rateLimitedUntil: (distance, time) => `今回は登録されていません。${distance}（${time}）にもう一度お試しください。`,
    rateLimitedUnknown: "今回は登録されていません。再試行できる時刻が不明なため、1 分ほどお待ちください。",
    refused: "登録されていません",
    refusedText: (status) => `サーバーが HTTP ステータス ${status} で受け付けませんでした。`,
    serverSays: "サーバーからの説明",
  },
  jobs: jaJobs,
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
