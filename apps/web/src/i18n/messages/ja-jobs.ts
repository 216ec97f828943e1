import { code, rich } from "../rich-text.ts";
import type { JobMessages } from "./en-jobs.ts";

const whole = new Intl.NumberFormat("ja");

/** ジョブについての日本語の文言。 */
export const jaJobs: JobMessages = {
  units: {
    ms: (count) => `${count} ミリ秒`,
    s: (count) => `${count} 秒`,
    min: (count) => `${count} 分`,
    h: (count) => `${count} 時間`,
    d: (count) => `${count} 日`,
  },
  states: {
    sending: "登録中",
    perhaps: "登録されたか不明",
    not_stored: "未登録",
    scheduled: "予定",
    waiting: "待機中",
    paused: "キュー一時停止中",
    no_worker: "ワーカーなし",
    quiet: "受付停止中",
    not_handled: "対応ワーカーなし",
    running: "実行中",
    lost: "ワーカー不明",
    retry: "再試行",
    completed: "完了",
    archived: "アーカイブ済み",
    not_kept: "保存期間外",
    unknown: "不明",
  },
  reasons: {
    store_away: "サーバーは保存先への接続を試み続けています。",
    store_rejected: "保存先が書き込みを拒みました。理由はサーバーのログにあります。",
    server_closing: "サーバーは終了処理中です。",
    server_busy: "サーバーが混み合っています。",
    offline: "このブラウザーはオフラインです。",
    refused: "サーバーがリクエストを受け付けませんでした。",
    answer_lost: "保存先が応答する前に接続が切れました。",
    store_silent: "保存先が時間内に応答しませんでした。",
    not_acknowledged: "保存先はジョブを受け取りましたが、複製の確認が取れていません。",
    no_answer: "サーバーが時間内に応答しませんでした。",
    connection_broke: "サーバーに接続できなかったか、応答の前に接続が切れました。",
    odd_answer: "サーバーの応答をこの画面では理解できませんでした。",
    page_left: "応答が届く前に画面を離れました。",
  },
  worker: (pid, host, directory, build) => {
    const place = directory === undefined ? [] : rich`、${code(directory)}`;
    const runs = build === undefined ? [] : rich`、ビルド ${code(build)}`;
    return rich`${host} のワーカー（pid ${pid}${place}${runs}）`;
  },
  untoldWorker: (worker) => rich`${worker}（ディレクトリとビルドは不明：別のライブラリーか古いバージョンです）`,
  title: "あなたのジョブ",
  empty: "まだありません。登録したジョブがここに並びます。再読み込みしても消えません。",
  note: (count) => `このタブで登録した ${whole.format(count)} 件、新しい順。線の長さは縮めてあります`,
  live: "自動更新中",
  notLive: (time) => `${time} から応答がありません。表示はその時点のものです。`,
  noAnswerYet: "まだ応答がありません。確認を続けています。",
  slowed: (time) => `リクエストが多すぎるため、次は ${time} に確認します。`,
  idLabel: "ジョブ ID",
  jobLink: (id) => `ジョブ ${id} の画面`,
  registerAgain: "もう一度登録",
  registeringAgain: "登録しています…",
  copyCommand: "コマンドをコピー",
  command: "コマンド",
  sentence: {
    sending: rich`保存先へ送っています。`,
    registered: rich`ジョブは登録されています。`,
    perhaps: rich`ジョブは保存された可能性があります。もう一度押しても、二重には登録されません。`,
    perhapsMissing: rich`保存先は応答していますが、このジョブはありません。もう一度押しても、二重には登録されません。`,
    notStored: {
      store_away: rich`保存先に接続できません。何も保存されていません。`,
      store_rejected: rich`保存先がジョブを受け付けませんでした。何も保存されていません。`,
      server_closing: rich`サーバーが終了処理中です。何も保存されていません。`,
      server_busy: rich`サーバーが混み合っています。何も保存されていません。`,
      offline: rich`オフラインのため、何も送信していません。`,
      other: rich`サーバーがリクエストを受け付けませんでした。何も保存されていません。`,
    },
    storeBack: rich`何も保存されていません。保存先は再び応答しているため、もう一度登録してください。`,
    counting: (distance, time) => rich`${time} に出力します。あと ${distance}です。`,
    countingBut: {
      no_worker: (distance, time) =>
        rich`予定時刻は ${time}、あと ${distance}です。このキューを受け持つワーカーがないため、待つことになります。`,
      queue_paused: (distance, time) =>
        rich`予定時刻は ${time}、あと ${distance}です。キューが一時停止中のため、待つことになります。`,
      workers_quiet: (distance, time) =>
        rich`予定時刻は ${time}、あと ${distance}です。ワーカーが受け付けを停止しているため、待つことになります。`,
      type_not_handled: (distance, time) =>
        rich`予定時刻は ${time}、あと ${distance}です。この種類を扱うワーカーがないため、待つことになります。`,
    },
    due: {
      no_worker: (length) =>
        rich`予定時刻を ${length}過ぎました。${code("default")} を受け持つワーカーがありません。${code("npm run start:worker")} で起動してください。`,
      queue_paused: (length) => rich`予定時刻を ${length}過ぎました。キューが一時停止中で、再開されるまで待ちます。`,
      workers_quiet: (length) =>
        rich`予定時刻を ${length}過ぎました。ワーカーは新しいジョブの受け付けを停止しています。`,
      type_not_handled: (length) =>
        rich`予定時刻を ${length}過ぎました。${code("demo:delay_print")} を扱うワーカーがありません。動いているのは別のビルドです。`,
      runs_apart: (length) =>
        rich`予定時刻を ${length}過ぎました。実行中にワーカーが落ちたことがあるため、ほかのジョブが減るのを待って、なるべく単独で実行します。`,
      workers_busy: (length) => rich`予定時刻を ${length}過ぎました。ワーカーはすべて実行中で、空きしだい実行します。`,
      in_line: () => rich`予定時刻になりました。まもなくワーカーが受け取ります。`,
    },
    dueAgain: (attempt, of) =>
      rich`全 ${of} 回のうち ${attempt} 回目の時刻になりました。まもなくワーカーが受け取ります。`,
    dueAgainBut: {
      no_worker: (attempt, of) =>
        rich`全 ${of} 回のうち ${attempt} 回目の時刻になりましたが、${code("default")} を受け持つワーカーがありません。${code("npm run start:worker")} で起動してください。`,
      queue_paused: (attempt, of) =>
        rich`全 ${of} 回のうち ${attempt} 回目の時刻になりましたが、キューが一時停止中です。再開されるまで待ちます。`,
      workers_quiet: (attempt, of) =>
        rich`全 ${of} 回のうち ${attempt} 回目の時刻になりましたが、ワーカーは受け付けを停止しています。`,
      type_not_handled: (attempt, of) =>
        rich`全 ${of} 回のうち ${attempt} 回目の時刻になりましたが、${code("demo:delay_print")} を扱うワーカーがありません。`,
    },
    failed: (attempt, of, at, distance, time) =>
      rich`全 ${of} 回のうち ${attempt} 回目が ${at} に失敗しました。${distance}後の ${time} にもう一度試します。`,
    workerLost: (attempt, of, at, distance, time) =>
      rich`全 ${of} 回のうち ${attempt} 回目は、${at} にワーカーが失われて途切れました。${distance}後の ${time} にもう一度試します。`,
    triedAgain: (distance, time) => rich`${distance}後の ${time} にもう一度試します。`,
    running: (attempt, of, worker) => rich`全 ${of} 回のうち ${attempt} 回目を、${worker}が実行しています。`,
    runningSomewhere: (attempt, of) => rich`全 ${of} 回のうち ${attempt} 回目を実行しています。`,
    lost: (worker, time) => rich`${worker}から応答がありません。${time} を過ぎると別のワーカーが引き継げます。`,
    lostSomewhere: rich`ワーカーから応答がありません。リースの期限を過ぎると別のワーカーが引き継げます。`,
    lostDue: (worker) => rich`${worker}から応答がありません。まもなく別のワーカーが引き継ぎます。`,
    lostDueSomewhere: rich`ワーカーから応答がありません。まもなく別のワーカーが引き継ぎます。`,
    printedBy: (worker, time, late) => rich`${time} に、${worker}が出力しました。予定時刻の ${late}後です。`,
    printedAt: (time, late) => rich`${time} に出力しました。予定時刻の ${late}後です。`,
    printedByInTime: (worker, time) => rich`${time} に、${worker}が出力しました。予定時刻どおりです。`,
    printedInTime: (time) => rich`${time} に出力しました。予定時刻どおりです。`,
    printedByOnAttempt: (worker, time, attempt) => rich`${time} に、${worker}が ${attempt} 回目で出力しました。`,
    printedAtOnAttempt: (time, attempt) => rich`${time} に、${attempt} 回目で出力しました。`,
    archived: (time, attempt, of) =>
      rich`全 ${of} 回のうち ${attempt} 回目まで失敗したため、${time} にアーカイブしました。自動では再開しません。`,
    notKept: rich`このジョブは保存先にありません。削除されたか、出力後の保存期間が過ぎています。`,
    overdueUnseen: (due, seen) =>
      rich`予定時刻は ${due} でした。${seen} から応答がなく、その後どうなったかは不明です。`,
  },
  relay: {
    waited: "待機",
    to_its_time: "予定時刻まで",
    after_its_time: "遅れ",
    at_its_time: "予定時刻どおり",
    due: "予定時刻を超過",
    backed_off: "再試行まで待機",
    between: "再び待機",
    prints: "出力",
    printed: "出力済み",
    archived: "アーカイブ",
    prints_if_stored: "保存されていれば出力",
    waiting_if_stored: "保存されていれば待機",
    waiting: "待機",
    no_answer: "応答なし",
    refused: "登録不可",
    sending: "送信中",
    more_attempts: (count) => `ほか ${whole.format(count)} 回`,
    attempt: {
      completed: (number) => `${number} 回目`,
      retry: (number) => `${number} 回目は失敗`,
      archived: (number) => `${number} 回目は失敗`,
      lost: (number) => `${number} 回目は途切れ`,
      handed_back: (number) => `${number} 回目は返却`,
      running: (number) => `${number} 回目を実行中`,
      lost_now: (number) => `${number} 回目、応答なし`,
      ahead: (number) => `${number} 回目`,
    },
    soFar: (length) => `${length}経過`,
    in: (length) => `${length}後`,
    note: {
      registered_here: "このタブで登録",
      registered: "登録",
      due: "予定時刻",
      now: "現在",
      sent: "保存先に送信",
      went_no_further: "ここで止まりました",
      not_known: "不明",
    },
    takers: (count) =>
      count === 0
        ? "起動すればすぐに"
        : count === 1
          ? "唯一のワーカーが実行"
          : `${whole.format(count)} つのワーカーのどれかが実行`,
    obstacle: {
      no_worker: "ワーカーなし",
      paused: "一時停止中",
      quiet: "受付停止中",
      not_handled: "対応なし",
      other: "まもなく",
    },
    worker: (pid, host) => rich`${host}、pid ${pid}`,
    inAll: (length) => `全体で ${length}`,
    sameWorker: (pid) => `同じ pid ${pid}`,
    build: (build) => rich`ビルド ${code(build)}`,
  },
  evidence: {
    storeBack: "保存先は再び応答しています。",
    attemptsLeft: (count) => `残りは ${whole.format(count)} 回です。`,
    withheld: "実行したワーカーとエラーの内容は、操作 API を使える人にだけ表示されます。",
    stdout: (pid) => `pid ${pid} の標準出力`,
    stdoutSomewhere: "ワーカーの標準出力",
    lookThere: (directory) =>
      rich`${code(directory)} で起動したワーカーの端末か、標準出力の書き込み先のファイルを見てください。先頭に時刻の付いた 1 行が出ています。ワーカーのログは標準エラー出力に出ます。`,
    lookSomewhere: rich`ワーカーの端末か、標準出力の書き込み先のファイルを見てください。先頭に時刻の付いた 1 行が出ています。ワーカーのログは標準エラー出力に出ます。`,
    keptUntil: (time) => `${time} まで保存され、確認できます。`,
    stored: "ジョブは保存されたまま待機しています。",
    noDoubles: (reason) => `${reason}もう一度押すと同じジョブ ID で送るため、保存されるのは 1 件だけです。`,
  },
  form: {
    title: "新しいジョブ",
    curl: "curl で登録",
    curlNote: "フォームの内容に合わせて変わります。実行するたびに 1 件登録します。",
  },
  find: {
    title: "ID からジョブを探す",
    help: "この画面や API の応答からコピーした ID を入力します。",
    submit: "探す",
    fault: "ID は空白やコンマを含まない 200 文字以内の文字列です。",
  },
  page: {
    title: "ジョブの経過",
    missing: "この ID のジョブは保存先にありません",
    missingText:
      "登録されていないか、削除されたか、出力後の保存期間が過ぎています。ID が途中で切れていないか確認してください。",
    asking: "サーバーに確認しています…",
    failed: "サーバーから応答がありません。確認を続けています。",
    all: "ジョブを登録",
  },
  notice: {
    label: "お知らせ",
    noWorker: rich`このキューを受け持つワーカーがないため、ジョブは待つことになります`,
    noWorkerText: rich`${code("default")} を受け持つワーカーが動いていません。ジョブは保存され、ワーカーが動きしだい実行されます。${code("npm run start:worker")} で起動してください。`,
    paused: rich`キューが一時停止中のため、ジョブは待つことになります`,
    pausedText: rich`ジョブは ${code("default")} に保存され、再開されると実行されます。`,
  },
};
