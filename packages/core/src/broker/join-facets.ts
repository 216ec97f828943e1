/** Everything that the facets offer, as one type. */
type Joined<Facets extends readonly object[]> = Facets extends readonly [infer First, ...infer Rest extends object[]]
  ? First & Joined<Rest>
  : unknown;

/**
 * Makes one broker of its parts: gives `own` every method of the facets that it has not got itself, so that an adapter names
 * none of them. A method that `own` has stays in front, such as one that watches the facet's. Comes back with `own`.
 * @throws Error where two facets have a method of the same name.
 */
export function joinFacets<Own extends object, Facets extends readonly object[]>(
  own: Own,
  ...facets: Facets
): Own & Joined<Facets> {
  const joined = new Map<string, unknown>();
  for (const facet of facets) {
    for (const name of [...Object.keys(facet), ...Object.getOwnPropertyNames(Object.getPrototypeOf(facet))]) {
      const method: unknown = Reflect.get(facet, name);
      if (name in own || typeof method !== "function") continue;
      if (joined.has(name)) throw new Error(`expected one facet to have "${name}", but two have it`);
      joined.set(name, method.bind(facet));
    }
  }
  return Object.assign(own, Object.fromEntries(joined)) as Own & Joined<Facets>;
}
