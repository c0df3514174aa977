{{ config(
  unique_key=['date', 'channel', 'campaign'],
  incremental_strategy='merge',
  merge_update_condition='(DBT_INTERNAL_SOURCE.source_file, DBT_INTERNAL_SOURCE.source_row)
    >= (DBT_INTERNAL_DEST.source_file, DBT_INTERNAL_DEST.source_row)'
) }}
-- What marketing cost: as the newest line says.
select date, channel, campaign, spend, currency, impressions, clicks,
  source_file, source_row, source_load, {{ now() }} as loaded_at
from {{ ref('stg_marketing_spend') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
qualify row_number() over (partition by date, channel, campaign order by source_file desc, source_row desc) = 1
