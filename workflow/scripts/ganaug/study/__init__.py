"""From score files to an answer: statistics, verdict, tables, plots and the report. Reads only files."""
