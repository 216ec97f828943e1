import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { Layout } from "./components/layout.tsx";
import { BrokenPage } from "./pages/broken-page.tsx";
import { DemoJobPage } from "./pages/demo-job-page.tsx";
import { HomePage } from "./pages/home-page.tsx";
import { JobPage } from "./pages/job-page.tsx";
import { NotFoundPage } from "./pages/not-found-page.tsx";

const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage });
const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: HomePage });
const demoJobRoute = createRoute({ getParentRoute: () => rootRoute, path: "/dm-jobqueue", component: DemoJobPage });
const jobRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/dm-jobqueue/jobs/$jobId",
  component: JobPage,
});

/** Every page by its address. */
export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, demoJobRoute, jobRoute]),
  defaultErrorComponent: BrokenPage,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
