{{ config(
  unique_key='order_item_id',
  incremental_strategy='merge',
  merge_update_condition='(DBT_INTERNAL_SOURCE.updated_at, DBT_INTERNAL_SOURCE.source_file, DBT_INTERNAL_SOURCE.source_row)
    >= (DBT_INTERNAL_DEST.updated_at, DBT_INTERNAL_DEST.source_file, DBT_INTERNAL_DEST.source_row)'
) }}
-- Lines of orders: as the newest line says.
select order_item_id, order_id, product_id, quantity::int as quantity, unit_price, discount, amount, updated_at,
  source_file, source_row, source_load, null::bigint as change_lsn, {{ now() }} as loaded_at
from {{ ref('stg_order_items') }}
where len(reasons) = 0 and ingested_at > {{ since() }}
qualify row_number() over (partition by order_item_id order by updated_at desc, source_file desc, source_row desc) = 1
