import "./zod-without-eval.ts";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { LanguageProvider } from "./i18n/language-provider.tsx";
import { router } from "./router.tsx";
import "./styles.css";

// "always": offline is answered by the failed call itself, in words, instead of waiting in silence for a connection.
const queryClient = new QueryClient({
  defaultOptions: {
    queries: { networkMode: "always", retry: false },
    mutations: { networkMode: "always", retry: false },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error('main: expected an element with the id "root" in index.html, found none');
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </LanguageProvider>
  </StrictMode>,
);
