/** How `sql` templates are found in a cell's text; it runs in a browser too. */
export { sqlTemplates, type SqlTemplate } from "../sql/templates.js";
