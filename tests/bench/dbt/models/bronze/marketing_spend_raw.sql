{{ landed_csv('marketing_spend', [
  'date', 'channel', 'campaign', 'spend', 'currency', 'impressions', 'clicks'
]) }}
