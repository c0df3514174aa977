/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { copyButtons } from "./copy.js";
import { foldContents } from "./contents.js";
import { tellOfNewerRun } from "./newer-run.js";
import { searchBox } from "./search-box.js";

copyButtons();
foldContents();
searchBox();
void tellOfNewerRun();
