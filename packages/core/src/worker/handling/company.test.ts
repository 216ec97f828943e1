import { describe, expect, it } from "vitest";
import { anyCompany, Company, companyOf } from "./company.ts";

describe("the company of a task", () => {
  it("is any after one death, a tenth less with each further one, and nobody in the end", () => {
    const companies = (concurrency: number) => [0, 1, 2, 3, 4, 5].map((lost) => companyOf(lost, concurrency));
    expect(companies(1)).toEqual([anyCompany, anyCompany, 1, 1, 1, 1]);
    expect(companies(31)).toEqual([anyCompany, anyCompany, 3, 1, 1, 1]);
    expect(companies(1_000)).toEqual([anyCompany, anyCompany, 100, 10, 1, 1]);
  });
});

describe("all that runs in a process", () => {
  it("has room without end while nobody bears only few", () => {
    const company = new Company();
    for (let count = 0; count < 5; count++) expect(company.enter(anyCompany)).toBe(true);
    expect(company.room).toBe(anyCompany);
  });

  it("has no more room than the one bears that bears the fewest", () => {
    const company = new Company();
    expect([company.enter(3), company.room, company.enter(anyCompany), company.enter(2)]).toEqual([
      true,
      2,
      true,
      false,
    ]);
    expect([company.enter(anyCompany), company.enter(anyCompany), company.room]).toEqual([true, false, 0]);
    company.leave(3);
    expect(company.room).toBe(anyCompany);
  });

  it("lets nobody begin while one waits, and that one as soon as enough others have ended", () => {
    const company = new Company();
    let told = 0;
    const end = company.onRoom(() => told++);
    company.enter(anyCompany);
    company.enter(anyCompany);
    company.wait(1);
    expect([company.enter(anyCompany), company.enterAtLast(1)]).toEqual([false, false]);
    company.leave(anyCompany);
    expect([told, company.enterAtLast(1)]).toEqual([1, false]);
    company.leave(anyCompany);
    expect([told, company.enterAtLast(1), company.room]).toEqual([2, true, 0]);
    company.leave(1);
    expect(company.enter(anyCompany)).toBe(true);
    end();
  });

  it("goes on as before when the one that waited has given up", () => {
    const company = new Company();
    company.enter(anyCompany);
    company.wait(1);
    company.giveUp(1);
    expect([company.enter(anyCompany), company.room]).toEqual([true, anyCompany]);
  });
});
