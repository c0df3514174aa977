{{ config(
  unique_key='campaign',
  incremental_strategy='merge',
  merge_update_condition='(DBT_INTERNAL_SOURCE.source_file, DBT_INTERNAL_SOURCE.source_row)
    >= (DBT_INTERNAL_DEST.source_file, DBT_INTERNAL_DEST.source_row)'
) }}
-- Campaigns: as the newest line says.
select campaign, channel, name, start_date, end_date, budget, currency,
  source_file, source_row, source_load, {{ now() }} as loaded_at
from {{ ref('stg_campaigns') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
qualify row_number() over (partition by campaign order by source_file desc, source_row desc) = 1
