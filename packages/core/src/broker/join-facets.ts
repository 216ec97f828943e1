/** Everything that the facets offer, as one type. */
type Joined<Facets extends readonly object[]> = Facets extends readonly [infer First, ...infer Rest extends object[]]
  ? First & Joined<Rest>
  : unknown;

/**
 * Makes one broker of its parts: gives `own` every method of the facets that it has not got, so that an adapter names none of
 * them. What stands in front is kept: name whoever watches some calls before those whose calls they are. Comes back with `own`.
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
