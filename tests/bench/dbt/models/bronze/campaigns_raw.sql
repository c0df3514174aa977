{{ landed_csv('campaigns', [
  'campaign', 'channel', 'name', 'start_date', 'end_date', 'budget', 'currency'
]) }}
