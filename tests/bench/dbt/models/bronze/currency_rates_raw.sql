{{ landed_csv('currency_rates', [
  'date', 'base', 'quote', 'rate'
]) }}
