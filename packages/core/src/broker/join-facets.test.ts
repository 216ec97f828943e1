import { expect, it } from "vitest";
import { joinFacets } from "./join-facets.ts";

class Counting {
  #count = 0;

  count(): number {
    return ++this.#count;
  }

  readonly countTwice = (): number => this.count() + this.count();
}

class Naming {
  name(): string {
    return "facet";
  }
}

it("gives a broker the methods of its facets, each still bound to its own", () => {
  const { count, countTwice, name } = joinFacets({}, new Counting(), new Naming());
  expect([count(), countTwice(), name()]).toEqual([1, 5, "facet"]);
});

it("leaves what the broker does itself in front of its facets", () => {
  class Own {
    name(): string {
      return "own";
    }
  }
  expect(joinFacets(new Own(), new Naming()).name()).toBe("own");
});

it("refuses two facets that both have a method: one would be lost in silence", () => {
  expect(() => joinFacets({}, new Naming(), new Naming())).toThrow('one facet to have "name"');
});
