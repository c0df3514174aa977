{# Reasons for which a row is refused: a list of those that hold. #}
{% macro reasons(conditions) %}
  list_filter([
    {%- for condition in conditions %}
    {{ condition }}{{ ',' if not loop.last }}
    {%- endfor %}
  ], lambda reason: reason is not null)
{% endmacro %}

{% macro given(column) -%} nullif(trim({{ column }}), '') {%- endmacro %}

{% macro not_a_text(column, length) -%}
  case when {{ column }} is not null
      and not (trim({{ column }}) <> '' and left({{ column }}, 1) not in ('{', '[') and length({{ column }}) <= {{ length }})
      then '{{ column }} is not a text of 1 to {{ length }} characters' end
{%- endmacro %}

{# A row as the source sent it. #}
{% macro raw_row(columns) -%}
  to_json({ {%- for column in columns %}{{ column }}: {{ column }}{{ ', ' if not loop.last }}{% endfor -%} })::varchar
{%- endmacro %}
