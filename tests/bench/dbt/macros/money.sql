{# An amount in the currency's smallest unit, as Stripe gives it. #}
{% macro cents(amount) -%}
  case
    when upper(trim(currency)) in ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'UGX',
      'VND', 'VUV', 'XAF', 'XOF', 'XPF')
      then try_cast({{ amount }} as decimal(12, 2))
    when upper(trim(currency)) in ('BHD', 'JOD', 'KWD', 'OMR', 'TND')
      then round((try_cast({{ amount }} as decimal(18, 0)) * 0.001)::decimal(22, 3), 2)::decimal(12, 2)
    else (try_cast({{ amount }} as decimal(18, 0)) * 0.01)::decimal(12, 2) end
{%- endmacro %}
