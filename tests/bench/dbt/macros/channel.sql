{# Where a visit comes from, as its first event says. #}
{% macro channel() %}
  case when not has_cookie then null
      when lower(trim(utm_medium)) in ('cpc', 'ppc', 'cpm', 'paid', 'paid_search', 'paid_social', 'display', 'banner', 'retargeting')
        then 'paid'
      when lower(trim(utm_medium)) in ('email', 'e-mail', 'newsletter') then 'email'
      when lower(trim(utm_medium)) in ('social', 'organic_social') then 'social'
      when lower(trim(utm_medium)) = 'organic' then 'search'
      when lower(trim(utm_medium)) in ('referral', 'affiliate') then 'referral'
      when coalesce(utm_medium, utm_source, utm_campaign) is not null then 'other'
      when referrer is null then 'direct'
      when regexp_matches(lower(referrer), '^https?://([a-z0-9-]+[.])*(google|bing|duckduckgo|yahoo|ecosia|qwant|search)[.]')
        then 'search'
      when regexp_matches(lower(referrer),
        '^https?://([a-z0-9-]+[.])*(facebook|instagram|tiktok|pinterest|reddit|linkedin|youtube|social)[.]') then 'social'
      else 'referral' end
{% endmacro %}
