/** Everything that the facets offer, as one type. */
type Joined<Facets extends readonly object[]> = Facets extends readonly [infer First, ...infer Rest extends object[]]
  ? First & Joined<Rest>
  : unknown;

/**
 * Makes one broker of its parts. It adds to `own` every method of the facets that `own` lacks, so an adapter names none
 * of them. The first facet with a method wins: name a facet that watches calls before the facet that makes them.
 * Returns `own`.
 */
export function joinFacets<Own extends object, Facets extends readonly object[]>(
  own: Own,
  ...facets: Facets
): Own & Joined<Facets> {
  for (const facet of facets) {
    for (const name of [...Object.keys(facet), ...Object.getOwnPropertyNames(Object.getPrototypeOf(facet))]) {
      const method: unknown = Reflect.get(facet, name);
      if (name in own || typeof method !== "function") continue;
      Reflect.set(own, name, method.bind(facet));
    }
  }
  return own as Own & Joined<Facets>;
}
