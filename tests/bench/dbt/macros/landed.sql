{# The names, as entity/file, of the landed files that this model has not loaded yet. #}
{% macro new_files(entity) %}
  {% set landing = env_var('SHOPMETRICS_LANDING') %}
  {% set found %}
    select name from (select '{{ entity }}/' || parse_filename(file) as name from glob('{{ landing }}/{{ entity }}/*'))
    {% if is_incremental() %} where name not in (select source_file from {{ this }}) {% endif %}
    order by name
  {% endset %}
  {{ return(run_query(found).columns[0].values() if execute else []) }}
{% endmacro %}

{# How many files this model has loaded. #}
{% macro loaded_files() %}
  {% if execute and is_incremental() %}
    {{ return(run_query('select count(distinct source_file) from ' ~ this).columns[0][0] | int) }}
  {% endif %}
  {{ return(0) }}
{% endmacro %}

{% macro landed_path(name) -%}
  '{{ env_var('SHOPMETRICS_LANDING') }}/{{ name }}'
{%- endmacro %}

{#
  The rows of the landed CSV files that are new, every column as text and as it is.
#}
{% macro landed_csv(entity, columns) %}
  {% set names = new_files(entity) %}
  {% set before = loaded_files() %}
  {% for name in names %}
    {{ 'union all' if not loop.first }}
    select {{ columns | join(', ') }}, null::varchar as _rescued_data, '{{ name }}' as source_file, row_number() over () as source_row,
      {{ before + loop.index }}::bigint as source_load, {{ now() }} as ingested_at
    from read_csv({{ landed_path(name) }}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')
  {% else %}
    select {% for column in columns %}null::varchar as {{ column }}, {% endfor %}null::varchar as _rescued_data,
      null::varchar as source_file, null::bigint as source_row, null::bigint as source_load, {{ now() }} as ingested_at
    where false
  {% endfor %}
{% endmacro %}
