import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
	{ ignores: ["dist/", "src/api/schema.d.ts"] },
	js.configs.recommended,
	{
		files: ["src/**/*.{ts,tsx}"],
		extends: [tseslint.configs.strictTypeChecked],
		languageOptions: { parserOptions: { projectService: true } },
		rules: {
			"@typescript-eslint/no-confusing-void-expression": "off",
			"@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
			"no-restricted-syntax": ["error", {
				selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
				message: "What people call things must never become HTML.",
			}],
		},
	},
	{
		files: ["*.js", "test/**/*.js"],
		languageOptions: {
			globals: Object.fromEntries(["Buffer", "process", "console", "document", "window", "performance",
				"fetch", "indexedDB", "caches", "PerformanceObserver", "MutationObserver", "requestAnimationFrame", "setTimeout",
				"localStorage", "sessionStorage", "URL"].map((name) => [name, "readonly"])),
		},
	},
);
